"""Go's fmt.Sprintf for the values of a mapping (https://pkg.go.dev/fmt)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import general_float, quoted, scientific, shortest_digits
from streams.bloblang.values import number_text, string_bytes, to_string
from streams.jsontext import Float, source_text
from streams.timestamp import Timestamp

_VERB = re.compile(r"%([-+# 0]*)(\*|[0-9]+)?(?:\.(\*|[0-9]*))?(?:\[([0-9]+)\])?(.)?", re.DOTALL)
_MAX_WIDTH = 1_000_000


@dataclass(frozen=True, slots=True)
class _Directive:
    """One verb with its flags."""

    flags: str
    width: int | None
    precision: int | None
    verb: str | None
    """None at the end of the template, where no verb follows."""

    def padded(self, text: str, *, numeric: bool = False) -> str:
        """The text, as wide as asked for."""
        missing = (self.width or 0) - len(text)
        if missing <= 0:
            return text
        if "-" in self.flags:
            return text + " " * missing
        if "0" in self.flags and numeric:
            sign = text[:1] if text[:1] in {"-", "+", " "} else ""
            return sign + "0" * missing + text[len(sign) :]
        return " " * missing + text

    def signed(self, text: str) -> str:
        """The number with the sign its flags ask for."""
        if text.startswith("-"):
            return text
        if "+" in self.flags:
            return f"+{text}"
        return f" {text}" if " " in self.flags else text


class _Arguments:
    """The arguments, taken in order or by index."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0
        self.reordered = False

    def take(self) -> tuple[bool, Any]:
        if self._next >= len(self._values):
            return False, None
        self._next += 1
        return True, self._values[self._next - 1]

    def seek(self, index: int) -> None:
        self._next = index - 1
        self.reordered = True

    def extra(self) -> str:
        rest = [] if self.reordered else self._values[self._next :]
        shown = ", ".join(
            f"{go_type(value)}={plain(value)}" if value is not None else "<nil>" for value in rest
        )
        return f"%!(EXTRA {shown})" if rest else ""


@dataclass(frozen=True, slots=True)
class _Verb:
    """A verb as the template writes it."""

    flags: str
    width: str | None
    precision: str | None
    index: int
    """The argument it asks for, from 1; 0 for the next."""
    name: str | None


@lru_cache(maxsize=1024)
def _parsed(template: str) -> tuple[str | _Verb, ...]:
    parts: list[str | _Verb] = []
    position = 0
    for match in _VERB.finditer(template):
        flags, width, precision, index, name = match.groups()
        parts.append(template[position : match.start()])
        parts.append(_Verb(flags, width, precision, int(index[:6]) if index else 0, name))
        position = match.end()
    return (*parts, template[position:])


@lru_cache(maxsize=1024)
def _plain_parts(template: str) -> tuple[str | _Directive, ...] | None:
    """The parts of a template whose verbs are all plain %v and %s."""
    parts: list[str | _Directive] = []
    for part in _parsed(template):
        if isinstance(part, str):
            parts.append(part)
        elif part.name in _PLAIN_VERBS and part == _Verb("", None, None, 0, part.name):
            parts.append(_PLAIN_VERBS[part.name])
        else:
            return None
    return tuple(parts)


def sprintf(template: str, values: Sequence[Any]) -> str:
    """The template with its verbs replaced. Raises Fault for a width beyond a million, as Go ignores one."""
    plain_parts = _plain_parts(template)
    # Text and verbs take turns, so a template of n verbs has 2n + 1 parts.
    if plain_parts is not None and len(plain_parts) == 2 * len(values) + 1:
        texts: list[Any] = list(plain_parts)
        for index, value in enumerate(values):
            texts[2 * index + 1] = (
                value if value.__class__ is str else _formatted(texts[2 * index + 1], value)
            )
        return "".join(texts)
    arguments = _Arguments(values)
    written = [part if isinstance(part, str) else _written(part, arguments) for part in _parsed(template)]
    return "".join(written) + arguments.extra()


def _written(verb: _Verb, arguments: _Arguments) -> str:
    if verb.index:
        arguments.seek(verb.index)
    width = _size(verb.width, arguments)
    precision = None if verb.precision is None else _size(verb.precision or "0", arguments)
    return _directed(_Directive(verb.flags, width, precision, verb.name), arguments)


_PLAIN_VERBS = {name: _Directive("", None, None, name) for name in ("v", "s")}


def _size(text: str | None, arguments: _Arguments) -> int | None:
    if text is None:
        return None
    if text == "*":
        _, value = arguments.take()
        text = str(value) if value.__class__ is int and value >= 0 else "0"
    size = int(text[:9])
    if size > _MAX_WIDTH:
        raise Fault(f"format width {text} is larger than {_MAX_WIDTH}")
    return size


def _directed(directive: _Directive, arguments: _Arguments) -> str:
    verb = directive.verb
    if verb is None:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    present, value = arguments.take()
    if not present:
        return f"%!{verb}(MISSING)" if verb != "!" else "%!!(NOVERB)"
    if verb == "T":
        return directive.padded(go_type(value))
    return _formatted(directive, value)


def _formatted(directive: _Directive, value: Any) -> str:
    verb = directive.verb
    if value is None:
        return directive.padded("<nil>") if verb == "v" else f"%!{verb}(<nil>)"
    formatter = _FORMATTERS.get(value.__class__)
    if formatter is None:
        return _containers(directive, value)
    text = formatter(directive, value)
    return f"%!{verb}({go_type(value)}={plain(value)})" if text is None else text


def _containers(directive: _Directive, value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_formatted(directive, item) for item in value)}]"
    if isinstance(value, dict):
        members = (
            f"{_formatted(directive, key)}:{_formatted(directive, item)}"
            for key, item in sorted(value.items())
        )
        return f"map[{' '.join(members)}]"
    return directive.padded(to_string(value))


def _text(directive: _Directive, value: str) -> str | None:
    cut = value if directive.precision is None else value[: directive.precision]
    if directive.verb in {"v", "s"}:
        return directive.padded(quoted(cut) if "#" in directive.flags and directive.verb == "v" else cut)
    if directive.verb == "q":
        backquoted = "#" in directive.flags and "`" not in cut and cut.isprintable()
        return directive.padded(f"`{cut}`" if backquoted else quoted(cut))
    return _hexadecimal(directive, string_bytes(value))


def _hexadecimal(directive: _Directive, data: bytes) -> str | None:
    if directive.verb not in {"x", "X"}:
        return None
    data = data if directive.precision is None else data[: directive.precision]
    prefix = "0x" if "#" in directive.flags and data else ""
    text = prefix + (data.hex(" ") if " " in directive.flags else data.hex())
    return directive.padded(text.upper() if directive.verb == "X" else text)


def _bytes(directive: _Directive, value: bytes) -> str | None:
    if directive.verb in {"v", "d"}:
        return f"[{' '.join(map(str, value))}]"
    if directive.verb in {"s", "q"}:
        return _text(directive, value.decode("utf-8", "surrogateescape"))
    return _hexadecimal(directive, value)


def _bool(directive: _Directive, value: bool) -> str | None:  # noqa: FBT001 - a value to format
    return directive.padded("true" if value else "false") if directive.verb in {"v", "t"} else None


_BASES: dict[str, tuple[str, str]] = {
    "b": ("b", "0b"),
    "o": ("o", "0"),
    "O": ("o", ""),
    "x": ("x", "0x"),
    "X": ("X", "0X"),
}


def _integer(directive: _Directive, value: int) -> str | None:
    verb = directive.verb
    if directive is _PLAIN_VERBS["v"]:
        return str(value)
    if verb in {"c", "q", "U"}:
        return _character(directive, value)
    if verb in {"v", "d"}:
        digits = str(abs(value))
    elif verb in _BASES:
        kind, prefix = _BASES[verb]
        digits = ("0o" if verb == "O" else prefix if "#" in directive.flags else "") + format(
            abs(value), kind
        )
    else:
        return None
    if directive.precision is not None:
        digits = digits.rjust(directive.precision, "0")
    return directive.padded(
        directive.signed(f"-{digits}" if value < 0 else digits), numeric=directive.precision is None
    )


def _character(directive: _Directive, value: int) -> str:
    char = chr(value) if 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
    if directive.verb == "U":
        return directive.padded(f"U+{value:04X}" + (f" '{char}'" if "#" in directive.flags else ""))
    return directive.padded(char if directive.verb == "c" else f"'{quoted(char)[1:-1]}'")


def _float(directive: _Directive, value: float) -> str | None:
    if directive.verb == "v" and directive.precision is None and source_text(value) is not None:
        # A number as it stood in the document is Go's json.Number, which is formatted as text.
        return directive.padded(number_text(value))
    text = _float_digits(directive, float(value))
    return None if text is None else directive.padded(directive.signed(text), numeric=text[-1].isdigit())


def _float_digits(directive: _Directive, value: float) -> str | None:
    verb, precision = directive.verb, directive.precision
    if verb in {"f", "F"}:
        return _special(value) or f"{Decimal(value):.{6 if precision is None else precision}f}"
    if verb in {"e", "E"}:
        text = _special(value) or f"{value:.{6 if precision is None else precision}e}"
        return text.upper() if verb == "E" else text
    if verb in {"v", "g", "G"}:
        text = _special(value) or (_shortest(value) if precision is None else _general(value, precision))
        return text.upper() if verb == "G" else text
    return None


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if value in {float("inf"), float("-inf")} else ""


def _shortest(value: float) -> str:
    # %v and %g turn to an exponent at 1e21, unlike strconv's 'g'.
    sign, digits, exponent = shortest_digits(value)
    if -4 <= exponent < 21:
        return (
            general_float(value)
            if -4 <= exponent < 6
            else sign
            + digits.ljust(exponent + 1, "0") * (len(digits) <= exponent + 1)
            + (f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}" if len(digits) > exponent + 1 else "")
        )
    return sign + scientific(digits, exponent)


def _general(value: float, precision: int) -> str:
    text = f"{value:.{max(precision, 1)}g}"
    mantissa, mark, exponent = text.partition("e")
    return mantissa + (f"e{exponent}" if mark else "")


def _timestamp(directive: _Directive, value: Timestamp) -> str | None:
    return directive.padded(value.rfc3339()) if directive.verb in {"v", "s"} else None


_FORMATTERS: dict[type, Callable[[_Directive, Any], str | None]] = {
    str: _text,
    bytes: _bytes,
    bool: _bool,
    int: _integer,
    float: _float,
    Float: _float,
    Timestamp: _timestamp,
}


def go_type(value: Any) -> str:
    """The name %T gives a value."""
    if value is None:
        return "<nil>"
    if isinstance(value, float):
        return "json.Number" if source_text(value) is not None else "float64"
    names: dict[type, str] = {
        str: "string", bool: "bool", int: "int64", bytes: "[]uint8",
        list: "[]interface {}", dict: "map[string]interface {}", Timestamp: "time.Time",
    }  # fmt: skip
    return str(names.get(value.__class__, value.__class__.__name__))


def plain(value: Any) -> str:
    """A value as %v writes it."""
    return _formatted(_PLAIN_VERBS["v"], value)
