"""Pages of the reference: one for each component, made of its declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from streams.lint.values import LABELS
from streams.registry import Registry
from streams.spec import REQUIRED, ComponentSpec, DryRun, Field, FieldType, Kind, Shape

_KINDS: Final = {
    Kind.INPUT: "Inputs",
    Kind.PROCESSOR: "Processors",
    Kind.OUTPUT: "Outputs",
    Kind.CACHE: "Caches",
    Kind.RATE_LIMIT: "Rate limits",
    Kind.BUFFER: "Buffers",
    Kind.SCANNER: "Scanners",
}
_TYPES: Final = {
    FieldType.BLOBLANG: "mapping",
    **{label: f"label of a {kind.value.replace('_', ' ')}" for label, kind in LABELS.items()},
}
MADE: Final = "<!-- Made by `manage.py streams docs`: change the declaration instead. -->"
"""How every page that is made begins."""
INDEX: Final = "README.md"


def pages(registry: Registry) -> dict[str, str]:
    """The text of every component's page by its path in the folder of the components."""
    specs = registry.specs()
    return {INDEX: _index(specs), **{page_path(spec): page(spec) for spec in specs}}


def page_path(spec: ComponentSpec) -> str:
    """Where the page of a component is."""
    return f"{spec.kind.value}/{spec.name}.md"


def page(spec: ComponentSpec) -> str:
    """The page of one component, in Markdown."""
    parts = [
        MADE,
        f"# {_title(spec)}",
        spec.summary,
        *([spec.description.strip()] if spec.description else []),
        *([f"Also called {', '.join(f'`{name}`' for name in spec.aliases)}."] if spec.aliases else []),
        *_traits(spec),
        *_examples(spec),
        *_fields(spec),
    ]
    return "\n\n".join(parts) + "\n"


def _index(specs: Sequence[ComponentSpec]) -> str:
    parts = [MADE, "# Components", "What mappings are written in: [Bloblang](../bloblang/README.md)."]
    for kind, title in _KINDS.items():
        rows = [
            f"| [`{spec.name}`]({page_path(spec)}) | {table_cell(spec.summary)} |"
            for spec in specs
            if spec.kind is kind
        ]
        if rows:
            parts += [f"## {title}", "\n".join(["| name | what it does |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def _title(spec: ComponentSpec) -> str:
    return f"`{spec.name}` ({spec.kind.value.replace('_', ' ')})"


def _traits(spec: ComponentSpec) -> Iterator[str]:
    if spec.kind is Kind.INPUT and not spec.shared:
        yield "One worker at a time runs a stream with it; when that worker dies, another takes over within 15 seconds."
    if spec.in_gateway:
        yield "Streams with it run in the gateway."
    if spec.kind is Kind.PROCESSOR and spec.dry_run is not DryRun.RUN:
        yield f"A dry run lets messages pass it: {spec.dry_run.value}."


def _examples(spec: ComponentSpec) -> Iterator[str]:
    if spec.examples:
        yield "## Examples" if len(spec.examples) > 1 else "## Example"
    for body in spec.examples:
        text = yaml.safe_dump({spec.name: body}, sort_keys=False, allow_unicode=True, width=100)
        yield f"```yaml\n{text}```"


def _fields(spec: ComponentSpec) -> Iterator[str]:
    if not spec.fields:
        return
    yield "## Fields"
    if spec.value_form:
        yield "The component's value itself:"
    rows = [row for field in spec.fields for row in _rows(field, "")]
    yield "\n".join(["| field | type | default | what it is |", "|---|---|---|---|", *rows])


def _rows(field: Field, inside: str) -> Iterator[str]:
    name = f"{inside}{field.name}{_brackets(field)}"
    yield f"| `{name}` | {_type(field)} | {_default(field)} | {table_cell(_summary(field))} |"
    for child in field.children:
        yield from _rows(child, f"{name}.")


def _brackets(field: Field) -> str:
    return {Shape.ONE: "", Shape.LIST: "[]", Shape.MAP: ".*"}[field.shape]


def _type(field: Field) -> str:
    return _TYPES.get(field.type, field.type.value)


def _default(field: Field) -> str:
    if field.type is FieldType.OBJECT and field.shape is Shape.ONE:
        return ""
    return "required" if field.default is REQUIRED else f"`{_shown(field.default)}`"


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower().replace("none", "null")
    return f'"{value}"' if isinstance(value, str) else str(value)


def _summary(field: Field) -> str:
    if field.refused:
        return f"Not supported: {field.refused}."
    notes = [field.summary]
    if field.options:
        notes.append(f"One of {', '.join(f'`{option}`' for option in field.options)}.")
    if field.interpolated:
        notes.append("`${! }` in it is evaluated for each message.")
    return " ".join(notes)


def table_cell(text: str) -> str:
    """Text as a cell of a table takes it."""
    return text.replace("|", "\\|").replace("\n", " ")
