"""Results as JSON lines while they come, and as a table of medians and spreads at the end."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

Result = dict[str, Any]


def kept(results: Iterable[Result], path: Path) -> Iterator[Result]:
    """Append each result to the file as it comes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for result in results:
        with path.open("ab") as lines:
            lines.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
        yield result


def table(results: Iterable[Result]) -> str:
    """One Markdown table a benchmark: a row per case, each figure as median (lowest to highest)."""
    benchmarks: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        benchmarks[result["benchmark"]].append(result)
    return "\n\n".join(_table(rows) for rows in benchmarks.values())


def _table(results: list[Result]) -> str:
    by_case: dict[tuple[Any, ...], list[Result]] = defaultdict(list)
    for result in results:
        by_case[tuple(_case(result).items())].append(result)
    columns = list(dict.fromkeys(name for result in results for name in result if name != "run"))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for rows in by_case.values():
        cells = [_cell([row[name] for row in rows if name in row]) for name in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _case(result: Result) -> Result:
    """What was set, as against what was measured: everything before the number of the run."""
    names = list(result)
    return {name: result[name] for name in names[: names.index("run")]} | {"with": result.get("with")}


def _cell(values: list[Any]) -> str:
    if not values:
        return ""
    if len(set(values)) == 1:
        return str(values[0])
    return f"{statistics.median(values):g} ({min(values):g} to {max(values):g})"
