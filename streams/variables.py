"""Variables of the caller in a checked stream: `$tyk_context.*` and `$tyk_meta.*`.

Mappings are compiled once; they look the values up with each message, at `Source.request`. Other fields that take
variables are bound by `bind_config`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from streams.bloblang.caller_text import join_text, names_in, split_text
from streams.spec import Component, Config, Field, FieldType


class Components(Protocol):
    """A stream, as far as its components are concerned."""

    def components(self) -> Iterator[Component]:
        """All of them."""


def variables_of(stream: Components) -> frozenset[str]:
    """Names of the variables a stream uses, such as `tyk_context.request_id`."""
    return frozenset(name for component in stream.components() for name in component_variables(component))


def component_variables(component: Component) -> Iterator[str]:
    """Names of the variables in a component's own fields."""
    for field in component.spec.fields:
        yield from _in_field(field, component.config.get(field.name))


def bind_config(component: Component, values: Mapping[str, str]) -> Config:
    """A component's body for one caller: the variables of its plain fields are replaced by values.

    Mappings stay as they are, for they look values up. A value is a value: variables in it are text.
    """
    bound = {
        field.name: join_text(split_text(component.config[field.name]), values)
        for field in component.spec.fields
        if field.caller_variables
    }
    return {**component.config, **bound}


def takes_variables(field: Field) -> bool:
    """Tell whether variables of the caller may stand in a field."""
    return field.type is FieldType.BLOBLANG or field.caller_variables


def _in_field(field: Field, value: Any) -> Iterator[str]:
    if isinstance(value, str) and takes_variables(field):
        yield from names_in(value)
    elif isinstance(value, Mapping) and field.type is FieldType.OBJECT:
        for child in field.children:
            yield from _in_field(child, value.get(child.name))
    elif isinstance(value, list):
        for item in value:
            yield from _in_field(field, item)
