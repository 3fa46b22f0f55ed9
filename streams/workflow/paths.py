"""What a mapping reads and what it writes: paths of the document, and metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from streams.bloblang import functions, methods
from streams.bloblang.nodes import (
    Assignment,
    Call,
    Field,
    Lambda,
    Literal,
    MapTo,
    Match,
    Metadata,
    MetadataTarget,
    RootTarget,
)
from streams.bloblang.registry import REGISTRY, Kind
from streams.bloblang.statements import MappingParser

Path = tuple[str, ...]
"""Begins with `this` or `@`."""

_THIS: Final = "this"
_METADATA: Final = "@"
__all__ = ["Path", "functions", "methods", "overlap", "reads", "writes"]


def reads(mapping: str) -> frozenset[Path]:
    """Paths that a mapping reads of the message. Raises ParseError."""
    program = MappingParser(mapping, REGISTRY).program()
    return frozenset(_read(program.statements, _THIS))


def writes(mapping: str) -> frozenset[Path]:
    """Paths that a mapping assigns. Raises ParseError."""
    program = MappingParser(mapping, REGISTRY).program()
    return frozenset(_written(program.statements))


def overlap(one: Path, other: Path) -> bool:
    """Tell whether one of the paths lies within the other."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _read(node: Any, this: str) -> Iterator[Path]:
    """Paths in a node. this: what `this` is there; empty: something that was computed."""
    if isinstance(node, Field):
        if this and node.context == _THIS:
            yield (this, *node.path)
    elif isinstance(node, Metadata):
        yield (_METADATA, node.key) if node.key else (_METADATA,)
    elif isinstance(node, Call):
        yield from _called(node, this)
    elif isinstance(node, (MapTo, Lambda)):
        yield from _read(getattr(node, "target", ()), this)
        yield from _read(node.body, "" if isinstance(node, MapTo) else this)
    elif isinstance(node, Match) and node.subject is not None:
        yield from _read(node.subject, this)
        yield from _read(node.cases, "")
    else:
        for child in _children(node):
            yield from _read(child, this)


def _called(call: Call, this: str) -> Iterator[Path]:
    if call.target is None:
        yield from _function(call)
    yield from _read(call.target, this)
    kinds = [parameter.kind for parameter in call.spec.parameters]
    for at, argument in enumerate(call.arguments):
        computed = at < len(kinds) and kinds[at] is Kind.QUERY
        yield from _read(argument, "" if computed else this)


def _function(call: Call) -> Iterator[Path]:
    """What a function reads of the message by itself."""
    first = call.arguments[0] if call.arguments else None
    name = first.value if isinstance(first, Literal) else None
    if call.spec.name in {"json", "content"}:
        yield (_THIS, *(name.split(".") if isinstance(name, str) and name else ()))
    elif call.spec.name in {"meta", "metadata", "root_meta"}:
        yield (_METADATA, name) if isinstance(name, str) and name else (_METADATA,)


def _written(node: Any) -> Iterator[Path]:
    if not isinstance(node, Assignment):
        for child in _children(node):
            yield from _written(child)
    elif isinstance(node.target, RootTarget):
        yield (_THIS, *node.target.path)
    elif isinstance(node.target, MetadataTarget):
        yield (_METADATA, node.target.key) if node.target.key else (_METADATA,)


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, (tuple, list)):
        yield from node
    elif is_dataclass(node) and not isinstance(node, (type, Literal)):
        yield from (getattr(node, field.name) for field in fields(node))
