"""Times by Go's layouts: the reference time Mon Jan 2 15:04:05 MST 2006 (https://pkg.go.dev/time)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import quoted
from streams.timestamp import Timestamp, from_datetime, offset_text

RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# Longest first, as Go matches them.
_PIECE = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z070000|Z07:00:00|Z0700|Z07:00|Z07"
    r"|-070000|-07:00:00|-0700|-07:00|-07|__2|_2006|_2|002|01|02|03|04|05|06"
    r"|15|1|2|3|4|5|PM|pm|[.,](?:0+|9+)(?![0-9])"
)


@lru_cache(maxsize=512)
def pieces(layout: str) -> tuple[tuple[bool, str], ...]:
    """The layout as (is an element, text) in order."""
    found: list[tuple[bool, str]] = []
    position = 0
    for match in _PIECE.finditer(layout):
        text = match.group()
        if match.start() > position:
            found.append((False, layout[position : match.start()]))
        if text == "_2006":
            found.append((False, "_"))
            text = "2006"
        found.append((True, text))
        position = match.end()
    if position < len(layout):
        found.append((False, layout[position:]))
    return tuple(found)


def zone(name: str) -> tzinfo:
    """A zone by its IANA name, `UTC` or `Local` (Sluice runs in UTC). Raises Fault."""
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Fault(f"failed to parse timezone location name: unknown time zone {name}") from None


def format_time(moment: Timestamp, layout: str) -> str:
    """time.Format(layout). Raises Fault for a moment outside years 1 to 9999."""
    try:
        local = moment.local()
    except (OverflowError, ValueError):
        raise Fault("timestamp is out of range") from None
    return "".join(
        _WRITERS[text](local) if text in _WRITERS else _fraction(moment, text) if element else text
        for element, text in pieces(layout)
    )


def _fraction(moment: Timestamp, text: str) -> str:
    digits = f"{moment.nanosecond:09d}"[: len(text) - 1].ljust(len(text) - 1, "0")
    if text[1] == "0":
        return text[0] + digits
    digits = digits.rstrip("0")
    return text[0] + digits if digits else ""


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return (
        name
        if re.fullmatch(r"[A-Z]{1,5}|[+-][0-9]{2,4}", name)
        else offset_text(local, zulu=False, colon=False)
    )


def _offset(
    *, zulu: bool, colon: bool, short: bool = False, seconds: bool = False
) -> Callable[[datetime], str]:
    def write(local: datetime) -> str:
        text = offset_text(local, zulu=zulu, colon=colon)
        if text == "Z":
            return text
        return text[:3] if short else text + (":00" if colon else "00") * seconds

    return write


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: _MONTHS[t.month - 1],
    "Jan": lambda t: _MONTHS[t.month - 1][:3],
    "1": lambda t: str(t.month),
    "01": lambda t: f"{t.month:02d}",
    "Monday": lambda t: _DAYS[t.weekday()],
    "Mon": lambda t: _DAYS[t.weekday()][:3],
    "2": lambda t: str(t.day),
    "_2": lambda t: f"{t.day:2d}",
    "02": lambda t: f"{t.day:02d}",
    "__2": lambda t: f"{t.timetuple().tm_yday:3d}",
    "002": lambda t: f"{t.timetuple().tm_yday:03d}",
    "15": lambda t: f"{t.hour:02d}",
    "3": lambda t: str(t.hour % 12 or 12),
    "03": lambda t: f"{t.hour % 12 or 12:02d}",
    "4": lambda t: str(t.minute),
    "04": lambda t: f"{t.minute:02d}",
    "5": lambda t: str(t.second),
    "05": lambda t: f"{t.second:02d}",
    "2006": lambda t: f"{t.year:04d}",
    "06": lambda t: f"{t.year % 100:02d}",
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
    "MST": _zone_name,
    "Z0700": _offset(zulu=True, colon=False),
    "Z07:00": _offset(zulu=True, colon=True),
    "Z07": _offset(zulu=True, colon=False, short=True),
    "Z070000": _offset(zulu=True, colon=False, seconds=True),
    "Z07:00:00": _offset(zulu=True, colon=True, seconds=True),
    "-0700": _offset(zulu=False, colon=False),
    "-07:00": _offset(zulu=False, colon=True),
    "-07": _offset(zulu=False, colon=False, short=True),
    "-070000": _offset(zulu=False, colon=False, seconds=True),
    "-07:00:00": _offset(zulu=False, colon=True, seconds=True),
}


@dataclass(slots=True)
class _Parts:
    """What has been read so far."""

    year: int = 0
    month: int | None = None
    day: int | None = None
    year_day: int | None = None
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    afternoon: bool | None = None
    zone: tzinfo = field(default=UTC)


class _Unfit(Exception):  # noqa: N818 - caught where the layout and text are known
    """The text does not fit the layout's element; or it does, but its value is out of range."""

    def __init__(self, out_of_range: str = "") -> None:
        super().__init__(out_of_range)
        self.out_of_range = out_of_range


_NUMBERS: dict[str, tuple[str, str, int, int]] = {
    "2006": (r"[0-9]{4}", "year", 0, 9999),
    "06": (r"[0-9]{2}", "short_year", 0, 99),
    "01": (r"[0-9]{2}", "month", 1, 12),
    "1": (r"[0-9]{1,2}", "month", 1, 12),
    "02": (r"[0-9]{2}", "day", 0, 99),
    "2": (r"[0-9]{1,2}", "day", 0, 99),
    "_2": (r" ?[0-9]{1,2}", "day", 0, 99),
    "002": (r"[0-9]{3}", "year_day", 1, 366),
    "__2": (r" {0,2}[0-9]{1,3}", "year_day", 1, 366),
    "15": (r"[0-9]{1,2}", "hour", 0, 23),
    "03": (r"[0-9]{2}", "hour", 0, 12),
    "3": (r"[0-9]{1,2}", "hour", 0, 12),
    "04": (r"[0-9]{2}", "minute", 0, 59),
    "4": (r"[0-9]{1,2}", "minute", 0, 59),
    "05": (r"[0-9]{2}", "second", 0, 59),
    "5": (r"[0-9]{1,2}", "second", 0, 59),
}
_NAMES: dict[str, tuple[str, list[str]]] = {
    "January": ("month", _MONTHS),
    "Jan": ("month", [name[:3] for name in _MONTHS]),
    "Monday": ("", _DAYS),
    "Mon": ("", [name[:3] for name in _DAYS]),
}
_OFFSETS: dict[str, str] = {
    "0700": r"([+-])([0-9]{2})([0-9]{2})",
    "07:00": r"([+-])([0-9]{2}):([0-9]{2})",
    "07": r"([+-])([0-9]{2})()",
    "070000": r"([+-])([0-9]{2})([0-9]{2})[0-9]{2}",
    "07:00:00": r"([+-])([0-9]{2}):([0-9]{2}):[0-9]{2}",
}


def parse_time(text: str, layout: str, default_zone: tzinfo = UTC) -> Timestamp:
    """time.ParseInLocation(layout, text, default_zone). Raises Fault in Go's words."""
    parts = _Parts(zone=default_zone)
    rest = text
    name = ""
    try:
        for element, name in pieces(layout):
            rest = _read(parts, rest, name) if element else _skip(rest, name)
        if rest:
            raise Fault(f"parsing time {quoted(text)}: extra text: {quoted(rest)}")
        return _assemble(parts)
    except _Unfit as unfit:
        if unfit.out_of_range:
            raise Fault(f"parsing time {quoted(text)}: {unfit.out_of_range} out of range") from None
        shown = f"cannot parse {quoted(rest)} as {quoted(name)}"
        raise Fault(f"parsing time {quoted(text)} as {quoted(layout)}: {shown}") from None


def parse_rfc3339(text: str) -> Timestamp:
    """A timestamp of RFC 3339 text. Raises Fault."""
    return parse_time(text, RFC3339_NANO)


def _skip(rest: str, literal: str) -> str:
    if not rest.startswith(literal):
        raise _Unfit
    return rest[len(literal) :]


def _take(pattern: str, rest: str) -> re.Match[str]:
    match = re.compile(pattern).match(rest)
    if match is None:
        raise _Unfit
    return match


def _read(parts: _Parts, rest: str, name: str) -> str:
    if name in _NUMBERS:
        return _read_number(parts, rest, name)
    if name in _NAMES:
        return _read_name(parts, rest, name)
    if name in {"PM", "pm"}:
        match = _take("AM|PM" if name == "PM" else "am|pm", rest)
        parts.afternoon = match.group().lower() == "pm"
        return rest[match.end() :]
    if name == "MST":
        match = _take(r"UTC|[A-Z]{3,5}|[+-][0-9]{2,4}", rest)
        return rest[match.end() :]
    if name[0] in ".,":
        return _read_fraction(parts, rest, name)
    return _read_offset(parts, rest, name)


def _read_number(parts: _Parts, rest: str, name: str) -> str:
    pattern, attribute, low, high = _NUMBERS[name]
    match = _take(pattern, rest)
    value = int(match.group())
    if not low <= value <= high:
        raise _Unfit(attribute.replace("_", " ").replace("year day", "day-of-year"))
    if attribute == "short_year":
        attribute, value = "year", value + (1900 if value >= 69 else 2000)
    setattr(parts, attribute, value)
    rest = rest[match.end() :]
    # Go takes a fraction after the seconds even where the layout names none.
    fraction = re.match(r"[.,][0-9]+", rest) if attribute == "second" else None
    if fraction and not parts.nanosecond:
        parts.nanosecond = int(fraction.group()[1:10].ljust(9, "0"))
        rest = rest[fraction.end() :]
    return rest


def _read_name(parts: _Parts, rest: str, name: str) -> str:
    attribute, names = _NAMES[name]
    for index, candidate in enumerate(names):
        if rest[: len(candidate)].lower() == candidate.lower():
            if attribute:
                parts.month = index + 1
            return rest[len(candidate) :]
    raise _Unfit


def _read_fraction(parts: _Parts, rest: str, name: str) -> str:
    if parts.nanosecond or (name[1] == "9" and not re.match(r"[.,][0-9]", rest)):
        return rest
    pattern = rf"[.,][0-9]{{{len(name) - 1}}}" if name[1] == "0" else r"[.,][0-9]+"
    match = _take(pattern, rest)
    parts.nanosecond = int(match.group()[1:10].ljust(9, "0"))
    return rest[match.end() :]


def _read_offset(parts: _Parts, rest: str, name: str) -> str:
    if name[0] == "Z" and rest.startswith("Z"):
        parts.zone = UTC
        return rest[1:]
    match = _take(_OFFSETS[name[1:]], rest)
    sign, hours, minutes = match.groups()
    if int(hours) > 24 or int(minutes or 0) > 59:
        raise _Unfit("time zone offset hour" if int(hours) > 24 else "time zone offset minute")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    parts.zone = UTC if not offset else timezone(-offset if sign == "-" else offset)
    return rest[match.end() :]


def _assemble(parts: _Parts) -> Timestamp:
    hour = parts.hour
    if parts.afternoon is not None:
        hour = hour % 12 + (12 if parts.afternoon else 0)
    # The zero year, 0000, has no datetime in Python.
    year = parts.year or 1
    try:
        if parts.year_day is not None and parts.month is None:
            date = datetime(year, 1, 1) + timedelta(days=parts.year_day - 1)  # noqa: DTZ001 - zoned below
            parts.month, parts.day = date.month, date.day
        moment = datetime(
            year,
            parts.month or 1,
            parts.day if parts.day is not None else 1,
            hour,
            parts.minute,
            parts.second,
            tzinfo=parts.zone,
        )
    except ValueError:
        raise _Unfit("day") from None
    return from_datetime(moment, parts.nanosecond)
