"""Runs case files of the shape of the shared conformance suite: `python -m tests.conformance FILE...`.

Files of signatures too; of them the dialects by which Sluice signs.

Prints one line per failure and a count per form; exits 0 when every deterministic case passes.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams import bloblang
from streams.bloblang import DELETED, NOTHING, Mapping, MappingError, ParseError, interpolate
from streams.bloblang.cursor import SyntaxFault
from streams.bloblang.query import NO_CONTEXT, compile_query, parse_query
from streams.bloblang.values import to_string
from streams.jsontext import Float, parse, serialise
from streams.message import Failure, Message
from streams.timestamp import Timestamp
from tests.signature_conformance import FORMS, judged


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case."""

    case: dict[str, Any]
    form: str
    problem: str | None
    """None when it passed."""


class MismatchError(Exception):
    """The result is not the one the case expects."""


def load(path: Path) -> list[dict[str, Any]]:
    """The deterministic cases of a file; those about what a compressor makes of its input are not."""
    cases = parse(path.read_bytes())
    if isinstance(cases, dict):
        return [
            {"id": vector["name"], "form": form, "mapping": vector["signature"], "vector": vector}
            for form in FORMS
            for vector in cases.get(form, ())
        ]
    return [c for c in cases if c.get("deterministic", True) and not c.get("implementation_dependent_bytes")]


def form_of(case: dict[str, Any]) -> str:
    """The form of a case: its own, or `example` for those of the documentation."""
    return str(case.get("form", "example"))


def check(case: dict[str, Any]) -> Outcome:
    """Runs one case."""
    form = form_of(case)
    try:
        _FORMS.get(form, _unknown)(case)
    except Exception as error:  # noqa: BLE001 - whatever it is, the case has failed and the next one is run
        return Outcome(case, form, f"{type(error).__name__}: {error}")
    return Outcome(case, form, None)


def _messages(case: dict[str, Any]) -> list[Message]:
    messages = []
    for item in case.get("messages", ()):
        message = Message(item["content"].encode(), metadata=dict(item.get("meta", {})))
        message.error = Failure(item["error"]) if item.get("error") else None
        messages.append(message)
    return messages


def special(value: Any) -> Any:
    """An expected value with its markers for bytes, deletion and nothing resolved."""
    if isinstance(value, list):
        return [special(item) for item in value]
    if isinstance(value, float):
        return Float(value)
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$bytes"}:
        return value["$bytes"].encode()
    if value.keys() == {"$bytes_b64"}:
        return base64.b64decode(value["$bytes_b64"])
    if value.keys() == {"$delete"}:
        return DELETED
    if value.keys() == {"$nothing"}:
        return NOTHING
    return {key: special(item) for key, item in value.items()}


def plain(value: Any) -> Any:
    """A result with timestamps as their text."""
    if isinstance(value, Timestamp):
        return value.rfc3339()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def same(left: Any, right: Any) -> bool:
    """Equality that tells floats from integers and bools from numbers."""
    if isinstance(left, float) and isinstance(right, float):
        return float(left) == float(right)
    if left.__class__ is not right.__class__:
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    return bool(left == right)


def _expect(got: Any, wanted: Any) -> None:
    if not same(plain(got), special(wanted)):
        raise MismatchError(f"got {got!r}, expected {wanted!r}")


def _expects_error(case: dict[str, Any]) -> bool:
    return "error" in case or "parse_error" in case or "error_match" in case


def _run(case: dict[str, Any], run: Callable[[], Any]) -> Any:
    """The result of `run`; a case that expects an error ends here."""
    try:
        result = run()
    except (ParseError, MappingError) as error:
        if not _expects_error(case):
            raise
        _expect_error(case, str(error))
        raise _AsExpectedError from None
    if _expects_error(case):
        raise MismatchError(
            f"no error but {result!r}, expected {case.get('error') or case.get('parse_error')!r}"
        )
    return result


class _AsExpectedError(Exception):
    """The case failed as it should."""


def _expect_error(case: dict[str, Any], text: str) -> None:
    if case.get("go_type_names_in_error"):
        return
    wanted = str(case.get("error") or case.get("parse_error") or "")
    # Some positions count from the start of a text of one line, and Go's raw errors end with a piece of input.
    without_line = text.removeprefix("line 1 ")
    message = text.partition(": ")[2] if text.startswith("line ") else text
    if case.get("error_match") == "exact":
        fits = wanted in {text, without_line} or (
            not wanted.startswith(("line", "char")) and wanted.startswith(message)
        )
    else:
        fits = wanted in text
    if not fits:
        raise MismatchError(f"error {text!r}, expected {wanted!r}")


def _forgiving(run: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def runs(case: dict[str, Any]) -> None:
        try:
            run(case)
        except _AsExpectedError:
            return

    return runs


@_forgiving
def _query(case: dict[str, Any]) -> None:
    this = special(case["value"]["v"]) if "value" in case else NO_CONTEXT
    variables = special(case["vars"]) if "vars" in case else None

    def run() -> Any:
        query = compile_query(case["mapping"])
        return query.evaluate(_messages(case), case.get("index", 0), this=this, variables=variables)

    _expect_kind(case, _run(case, run))


def _expect_kind(case: dict[str, Any], got: Any) -> None:
    kind = case.get("out_kind")
    if kind == "deleted":
        _expect(got, {"$delete": True})
    elif kind == "nothing":
        _expect(got, {"$nothing": True})
    elif kind == "string":
        _expect(to_string(got), case["output"])
    elif kind == "bytes":
        _expect(got, case["output"] if isinstance(case["output"], dict) else {"$bytes": case["output"]})
    else:
        _expect(got, case.get("output"))


@_forgiving
def _mapping(case: dict[str, Any]) -> None:
    if "value" in case:
        _mapping_value(case)
        return
    batch, index = _messages(case) or [Message(b"")], case.get("index", 0)
    if case.get("out_kind") == "bool_query" or case["test"] == "TestQueries":
        _expect(_run(case, lambda: bloblang.compile(case["mapping"]).test(batch, index)), case["output"])
        return
    made = _run(case, lambda: bloblang.compile(case["mapping"]).apply(batch, index))
    if case.get("out_kind") == "deleted" or made is DELETED:
        _expect(made, {"$delete": True} if case.get("out_kind") == "deleted" else case.get("output"))
        return
    if case.get("out_kind") == "value":
        _expect(to_string(made.content), to_string(case["output"]))
    else:
        _expect(made.content.decode(), case["output"])
    if "output_meta" in case:
        _expect(made.metadata, case["output_meta"])


@_forgiving
def _mapping_value(case: dict[str, Any]) -> None:
    value = special(case["value"]["v"])
    got = _run(case, lambda: _kept(bloblang.compile(case["mapping"]).evaluate_value(value)))
    _expect_kind(case, value if got is NOTHING else got)


@_forgiving
def _overlay(case: dict[str, Any]) -> None:
    root = special(case["overlay"]["v"]) if "overlay" in case else None
    got = _run(
        case,
        lambda: _kept(
            bloblang.compile(case["mapping"]).evaluate_value(special(case["value"]["v"]), root=root)
        ),
    )
    _expect_kind(case, got)


def _kept(root: Any) -> Any:
    if root is DELETED:
        raise MappingError("root was deleted")
    return root


@_forgiving
def _field(case: dict[str, Any]) -> None:
    got = _run(case, lambda: interpolate(case["mapping"]).resolve(_messages(case), case.get("index", 0)))
    _expect(got, case.get("output"))


def _query_prefix(case: dict[str, Any]) -> None:
    try:
        _, cursor = parse_query(case["mapping"])
    except SyntaxFault as fault:
        raise fault.located(case["mapping"]) from None
    _expect(case["mapping"][cursor.token.start :], case["remaining"])


def _example(case: dict[str, Any]) -> None:
    # Documentation shows mappings without the line break that ends a last comment.
    mapping = bloblang.compile(case["mapping"] + "\n", permissions=("env", "file"))
    for item in case["cases"]:
        _example_case(mapping, item)


def _example_case(mapping: Mapping, item: dict[str, Any]) -> None:
    try:
        made = mapping.apply([Message(item["in_raw"].encode())])
    except MappingError as error:
        _expect(str(error), _error_text(item))
        return
    if not isinstance(made, Message):
        _expect(made, {"$delete": True} if item["out_kind"] == "deleted" else item.get("out"))
        return
    if item["out_kind"] == "deleted":
        raise MismatchError("the message was not deleted")
    if item["out_kind"] == "json":
        # Compared as values: some documented results are indented or not sorted.
        _expect(parse(serialise(parse(made.content))), parse(serialise(item["out"])))
    else:
        _expect(made.content.decode().rstrip("\n"), item["out_raw"].rstrip("\n"))


def _error_text(item: dict[str, Any]) -> str | None:
    if item["out_kind"] != "error":
        return None
    wanted = str(item["error"])
    return wanted.removeprefix('Error("').removesuffix('")') if wanted.startswith('Error("') else wanted


def _unknown(case: dict[str, Any]) -> None:
    raise MismatchError(f"there is no form {form_of(case)!r}")


def _signature(case: dict[str, Any]) -> None:
    expected = case["vector"]["expected"]
    if (got := judged(case["vector"], case["form"])) != expected:
        raise MismatchError(f"got {got}, expected {expected}")


_FORMS: dict[str, Callable[[dict[str, Any]], None]] = {
    "query": _query,
    "mapping": _mapping,
    "mapping_value": _mapping_value,
    "map_body": _mapping_value,
    "overlay": _overlay,
    "field": _field,
    "query_prefix": _query_prefix,
    "example": _example,
    **dict.fromkeys(FORMS, _signature),
}


def run(paths: Sequence[Path]) -> Iterator[Outcome]:
    """The outcomes of all deterministic cases, in order."""
    for path in paths:
        yield from map(check, load(path))


def main(arguments: Sequence[str]) -> int:
    """Runs the files and prints the report; the exit code."""
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for outcome in run([Path(argument) for argument in arguments]):
        total[outcome.form] += 1
        passed[outcome.form] += outcome.problem is None
        if outcome.problem is not None:
            print(f"{outcome.case['id']}: {json.dumps(outcome.case['mapping'])}: {outcome.problem}")  # noqa: T201
    for form, count in sorted(total.items()):
        print(f"{form}: {passed[form]} of {count}")  # noqa: T201
    return 0 if passed.total() == total.total() else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
