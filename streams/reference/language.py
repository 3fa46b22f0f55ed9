"""Pages of the reference for the mapping language: its functions and its methods, made of their declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from streams.bloblang.registry import (
    Example,
    ExpectedFailure,
    Kind,
    Missing,
    Parameter,
    Registry,
    Spec,
)
from streams.reference.pages import MADE, table_cell

_TYPES: Final = {
    Kind.ANY: "any",
    Kind.QUERY: "expression; `this` in it is what the method gives",
    Kind.LAZY: "expression",
}
_DEFAULTS: Final = {Missing.REQUIRED: "required", Missing.OPTIONAL: "may be left out"}


def language_pages(language: Registry) -> dict[str, str]:
    """The text of every page of the language by its path in the folder of the reference."""
    functions = _listed(language.functions.values())
    methods = _listed(language.methods.values())
    return {
        "bloblang/README.md": _index({"functions": functions, "methods": methods}),
        "bloblang/functions.md": _page("Functions", functions),
        "bloblang/methods.md": _page("Methods", methods),
    }


def section(spec: Spec) -> str:
    """What a reader is told of one function or method, in Markdown."""
    parts = [
        f"## `{spec.name}`",
        f"`{_signature(spec)}`",
        spec.summary,
        *_traits(spec),
        *_parameters(spec.parameters),
        *map(_example, spec.examples),
    ]
    return "\n\n".join(parts)


def _listed(specs: Iterable[Spec]) -> list[Spec]:
    return sorted((spec for spec in specs if spec.documented), key=lambda spec: spec.name)


def _page(title: str, specs: Iterable[Spec]) -> str:
    return "\n\n".join([MADE, f"# {title} of Bloblang", *map(section, specs)]) + "\n"


def _index(groups: dict[str, list[Spec]]) -> str:
    parts = [
        MADE,
        "# Bloblang",
        "The components that mappings are used in: [components](../components/README.md).",
    ]
    for name, specs in groups.items():
        rows = [f"| [`{spec.name}`]({name}.md#{spec.name}) | {table_cell(spec.summary)} |" for spec in specs]
        parts += [f"## {name.title()}", "\n".join(["| name | what it does |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def _signature(spec: Spec) -> str:
    inside = "..." if spec.variadic else ", ".join(map(_declared, spec.parameters))
    return f"{'.' if spec.method else ''}{spec.name}({inside})"


def _declared(parameter: Parameter) -> str:
    if parameter.default is Missing.REQUIRED:
        return parameter.name
    if parameter.default is Missing.OPTIONAL:
        return f"{parameter.name}?"
    return f"{parameter.name}: {_written(parameter.default)}"


def _traits(spec: Spec) -> Iterator[str]:
    if spec.variadic:
        yield "It takes any number of arguments, without names."
    if spec.boolean:
        yield "The result is always a bool."
    if spec.batchwise:
        yield "It looks at the batch around the message."
    if not spec.pure:
        yield "Equal inputs can give different results."
    if spec.permission:
        yield f"An operator must allow it (`{spec.permission}`)."


def _parameters(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    if parameters:
        head = ["| parameter | type | default |", "|---|---|---|"]
        yield "\n".join([*head, *map(_row, parameters)])


def _row(parameter: Parameter) -> str:
    literal = ", only as a literal" if parameter.static else ""
    kind = _TYPES.get(parameter.kind, parameter.kind.value)
    default = _DEFAULTS.get(parameter.default) if isinstance(parameter.default, Missing) else None
    shown = default or f"`{table_cell(_written(parameter.default))}`"
    return f"| `{parameter.name}` | {kind}{literal} | {shown} |"


def _example(example: Example) -> str:
    cases = [f"# in:  {_written(given)}\n# {_outcome(result)}" for given, result in example.cases]
    block = "\n".join(["```coffee", example.mapping.strip("\n"), "", *cases, "```"])
    return f"{example.summary}\n\n{block}" if example.summary else block


def _outcome(result: Any) -> str:
    return f"error: {result.text}" if isinstance(result, ExpectedFailure) else f"out: {_written(result)}"


def _written(value: Any) -> str:
    """A value as JSON has it; bytes are written as the text that they are."""
    return json.dumps(value, ensure_ascii=False, default=lambda data: data.decode(errors="backslashreplace"))
