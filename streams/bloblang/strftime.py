"""C's strftime and strptime formats, with `%f` for microseconds (as https://github.com/itchyny/timefmt-go)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import quoted
from streams.bloblang.gotime import format_time, parse_time
from streams.timestamp import Timestamp

# Directives that have a layout element of Go's.
_LAYOUTS: dict[str, str] = {
    "Y": "2006", "y": "06", "m": "01", "B": "January", "b": "Jan", "h": "Jan", "d": "02", "e": "_2", "A": "Monday",
    "a": "Mon", "H": "15", "I": "03", "l": "3", "M": "04", "S": "05", "p": "PM", "P": "pm", "Z": "MST", "z": "-0700",
    "j": "002", "f": ".000000", "L": ".000", "N": ".000000000",
}  # fmt: skip
_COMPOSED: dict[str, str] = {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "X": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "x": "%m/%d/%y",
    "r": "%I:%M:%S %p", "c": "%a %b %e %H:%M:%S %Y", "v": "%e-%b-%Y", "+": "%a %b %e %H:%M:%S %Z %Y",
}  # fmt: skip
_CHARACTERS = {"n": "\n", "t": "\t", "%": "%"}
_COMPUTED: dict[str, Callable[[datetime], str]] = {
    "C": lambda t: f"{t.year // 100:02d}",
    "g": lambda t: f"{t.isocalendar().year % 100:02d}",
    "G": lambda t: f"{t.isocalendar().year:04d}",
    "V": lambda t: f"{t.isocalendar().week:02d}",
    "u": lambda t: str(t.isoweekday()),
    "w": lambda t: str(t.isoweekday() % 7),
    "U": lambda t: f"{(t.timetuple().tm_yday + 6 - t.isoweekday() % 7) // 7:02d}",
    "W": lambda t: f"{(t.timetuple().tm_yday + 6 - (t.isoweekday() - 1)) // 7:02d}",
    "k": lambda t: f"{t.hour:2d}",
    "s": lambda t: str(int(t.timestamp())),
}
_DIRECTIVE = re.compile(r"%([-_0^#:]*)([A-Za-z%+])|%")
_FRACTIONS = frozenset("fLN")


def _expanded(layout: str) -> str:
    return re.sub(r"%([FTXRDxrcv+])", lambda match: _COMPOSED[match.group(1)], layout)


def format_strftime(moment: Timestamp, layout: str) -> str:
    """The moment as text. Raises Fault for a moment outside years 1 to 9999."""
    try:
        local = moment.local()
    except OverflowError:
        raise Fault("timestamp is out of range") from None

    def write(match: re.Match[str]) -> str:
        flags, name = match.groups()
        if name is None:
            return "%"
        if name in _CHARACTERS:
            return _CHARACTERS[name]
        if name in _COMPUTED:
            return _flagged(flags, _COMPUTED[name](local))
        if name == "z" and ":" in flags:
            return format_time(moment, "-07:00")
        text = format_time(moment, _LAYOUTS[name]) if name in _LAYOUTS else match.group()
        return _flagged(flags, text[1:] if name in _FRACTIONS else text)

    return _DIRECTIVE.sub(write, _expanded(layout))


def _flagged(flags: str, text: str) -> str:
    if "-" in flags:
        text = text.lstrip("0 ") or "0"
    if "_" in flags:
        text = " " * (len(text) - len(text.lstrip("0"))) + text.lstrip("0") if text.strip("0") else text
    if "0" in flags:
        text = text.replace(" ", "0")
    if "^" in flags:
        text = text.upper()
    return text.swapcase() if "#" in flags else text


def parse_strptime(text: str, layout: str) -> Timestamp:
    """The moment of a text. Raises Fault."""
    position = 0
    taken: list[tuple[str, str]] = []
    expanded = _expanded(layout)
    for literal, name in _directives(expanded):
        if literal:
            position = _skip(text, position, literal, layout)
            continue
        match = re.compile(_PATTERNS.get(name, "(?!)")).match(text, position)
        if match is None:
            raise Fault(f"failed to parse {quoted(text)} with {quoted(layout)}: cannot parse %{name}")
        taken.append((name, match.group()))
        position = match.end()
    if position < len(text):
        raise Fault(
            f"failed to parse {quoted(text)} with {quoted(layout)}: unconverted string {quoted(text[position:])}"
        )
    return _moment(text, layout, taken)


def _directives(layout: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    for match in _DIRECTIVE.finditer(layout):
        found += [(char, "") for char in layout[position : match.start()]]
        name = match.group(2) or "%"
        found.append((_CHARACTERS[name], "") if name in _CHARACTERS else ("", name))
        position = match.end()
    return found + [(char, "") for char in layout[position:]]


def _skip(text: str, position: int, literal: str, layout: str) -> int:
    if literal.isspace():
        while position < len(text) and text[position].isspace():
            position += 1
        return position
    if text[position : position + 1] != literal:
        raise Fault(f"failed to parse {quoted(text)} with {quoted(layout)}: expected '{literal}'")
    return position + 1


_PATTERNS: dict[str, str] = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}", "e": " ?[0-9]{1,2}", "H": "[0-9]{1,2}",
    "k": " ?[0-9]{1,2}", "I": "[0-9]{1,2}", "l": " ?[0-9]{1,2}", "M": "[0-9]{1,2}", "S": "[0-9]{1,2}",
    "j": "[0-9]{1,3}", "f": "[0-9]{1,9}", "L": "[0-9]{1,3}", "N": "[0-9]{1,9}", "s": "[0-9]{1,12}",
    "p": "(?i:am|pm)", "P": "(?i:am|pm)", "B": "[A-Za-z]{3,9}", "b": "[A-Za-z]{3}", "h": "[A-Za-z]{3}",
    "A": "[A-Za-z]{6,9}", "a": "[A-Za-z]{3}", "z": "Z|[+-][0-9]{2}:?[0-9]{2}", "Z": "[A-Z]{1,5}",
    "u": "[1-7]", "w": "[0-6]",
}  # fmt: skip
_NUMERIC = frozenset("mdeHkIlMSj")
_IGNORED = frozenset("uwaA")


def _moment(text: str, layout: str, taken: list[tuple[str, str]]) -> Timestamp:
    values, elements = [], []
    for name, value in taken:
        if name == "s":
            return Timestamp(int(value) * 10**9)
        if name in _IGNORED:
            continue
        element = {"k": "15", "l": "03", "e": "02", "h": "Jan"}.get(name, _LAYOUTS[name])
        elements.append(".999999999" if name in _FRACTIONS else element)
        values.append(_normalised(name, value))
    try:
        # One blank between elements keeps their digits apart.
        return parse_time(" ".join(values), " ".join(elements))
    except Fault as fault:
        raise Fault(
            f"failed to parse {quoted(text)} with {quoted(layout)}: {fault.text.rpartition(': ')[2]}"
        ) from None


def _normalised(name: str, value: str) -> str:
    if name in _NUMERIC:
        return value.strip().rjust(3 if name == "j" else 2, "0")
    if name in _FRACTIONS:
        return f".{value}"
    if name in {"p", "P"}:
        return value.upper() if name == "p" else value.lower()
    return (
        value.replace(":", "")
        if name == "z" and value != "Z"
        else "+0000"
        if value == "Z" and name == "z"
        else value
    )
