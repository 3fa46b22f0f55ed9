"""Arguments to parameters: names, defaults and types, for literals while reading and for values while running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.nodes import Expression, Literal
from streams.bloblang.registry import Kind, Missing, Parameter, Spec
from streams.bloblang.values import (
    get_bool,
    get_int,
    get_number,
    get_string,
    get_timestamp,
    type_fault_text,
    type_name,
)
from streams.jsontext import Float


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as written."""

    name: str | None
    value: Expression


def bind(spec: Spec, given: Sequence[Argument]) -> tuple[Expression | None, ...]:
    """One argument per parameter, literals converted to its type. Raises Fault in Bento's words."""
    named = [argument for argument in given if argument.name is not None]
    if named and len(named) < len(given):
        raise Fault("cannot mix named and nameless arguments")
    if spec.variadic:
        if named:
            raise Fault("named arguments are not supported")
        return tuple(argument.value for argument in given)
    slots = _by_name(spec, named) if named else _by_position(spec, given)
    bound = tuple(map(_bound, spec.parameters, slots))
    _check_literals(spec, bound)
    return bound


def _by_position(spec: Spec, given: Sequence[Argument]) -> list[Expression | None]:
    if len(given) > len(spec.parameters):
        raise Fault(f"wrong number of arguments, expected {len(spec.parameters)}, got {len(given)}")
    values: list[Expression | None] = [argument.value for argument in given]
    values += [None] * (len(spec.parameters) - len(given))
    _require(spec, values)
    return values


def _by_name(spec: Spec, named: Sequence[Argument]) -> list[Expression | None]:
    values: dict[str, Expression] = {}
    for argument in named:
        name = argument.name or ""
        if name in values:
            raise Fault(f"duplicate named arg: {name}")
        values[name] = argument.value
    slots = [values.pop(parameter.name, None) for parameter in spec.parameters]
    if values:
        raise Fault(_unknown(spec, sorted(values), slots))
    _require(spec, slots)
    return slots


def _missing(spec: Spec, slots: Sequence[Expression | None]) -> list[str]:
    return [
        parameter.name
        for parameter, value in zip(spec.parameters, slots, strict=True)
        if value is None and parameter.default is Missing.REQUIRED
    ]


def _require(spec: Spec, slots: Sequence[Expression | None]) -> None:
    missing = _missing(spec, slots)
    if missing:
        raise Fault(f"missing parameter{'s' * (len(missing) > 1)}: {', '.join(missing)}")


def _unknown(spec: Spec, unknown: Sequence[str], slots: Sequence[Expression | None]) -> str:
    missing = _missing(spec, slots)
    hint = ""
    if len(missing) == 1:
        hint = f", did you mean {missing[0]}?"
    elif missing:
        hint = f", expected {', '.join(missing)}"
    return f"unknown parameter{'s' * (len(unknown) > 1)} {', '.join(unknown)}{hint}"


def _bound(parameter: Parameter, value: Expression | None) -> Expression | None:
    if value is None:
        return None if parameter.default is Missing.OPTIONAL else Literal(parameter.default)
    if parameter.kind in {Kind.QUERY, Kind.LAZY}:
        return value
    if not isinstance(value, Literal):
        if parameter.static:
            raise Fault(f"param {parameter.name} must not be dynamic")
        return value
    try:
        return Literal(convert(parameter.kind, value.value))
    except TypeFault as fault:
        raise Fault(f"field {parameter.name}: {type_fault_text(fault)}") from None
    except Fault as fault:
        raise Fault(f"field {parameter.name}: {fault.text}") from None


def _check_literals(spec: Spec, bound: Sequence[Expression | None]) -> None:
    if spec.check is None:
        return
    literals = {
        parameter.name: value.value if isinstance(value, Literal) else None
        for parameter, value in zip(spec.parameters, bound, strict=True)
        if value is None or isinstance(value, Literal)
    }
    spec.check(literals)


def convert(kind: Kind, value: Any) -> Any:
    """The value as a parameter of this kind takes it. Raises Fault."""
    converter = CONVERTERS.get(kind)
    return value if converter is None else converter(value)


def _wrong(kind: Kind, value: Any) -> Fault:
    return Fault(f"wrong argument type, expected {kind.value}, got {type_name(value)}")


def as_string(value: Any) -> str:
    """Text of a string or bytes. Raises Fault."""
    if isinstance(value, (str, bytes)):
        return get_string(value)
    raise _wrong(Kind.STRING, value)


def _as_array(value: Any) -> Any:
    if isinstance(value, list):
        return value
    raise _wrong(Kind.ARRAY, value)


def _as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise _wrong(Kind.OBJECT, value)


def _as_float(value: Any) -> Float:
    return Float(get_number(value))


CONVERTERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.STRING: as_string,
    Kind.INTEGER: get_int,
    Kind.FLOAT: _as_float,
    Kind.BOOL: get_bool,
    Kind.ARRAY: _as_array,
    Kind.OBJECT: _as_object,
    Kind.TIMESTAMP: get_timestamp,
}
