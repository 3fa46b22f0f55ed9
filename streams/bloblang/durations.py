"""Durations as Go writes them and periods as ISO 8601 does."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import quoted
from streams.timestamp import NANOSECONDS, Timestamp, from_datetime

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_MAX = 2**63


def parse_duration(text: str) -> int:
    """time.ParseDuration: nanoseconds. Raises Fault in its words."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    if not rest:
        raise Fault(f"time: invalid duration {quoted(text)}")
    total = 0
    while rest:
        match = _PART.match(rest)
        whole, fraction, unit = match.groups() if match else ("", None, "")
        if match is None or not (whole or fraction):
            raise Fault(f"time: invalid duration {quoted(text)}")
        total += _nanoseconds(text, whole, fraction or "", unit)
        rest = rest[match.end() :]
    if total >= _MAX + (sign < 0):
        raise Fault(f"time: invalid duration {quoted(text)}")
    return sign * total


def _nanoseconds(text: str, whole: str, fraction: str, unit: str) -> int:
    if not unit:
        raise Fault(f"time: missing unit in duration {quoted(text)}")
    if unit not in _UNITS:
        raise Fault(f"time: unknown unit {quoted(unit)} in duration {quoted(text)}")
    if len(whole) > 19:
        raise Fault(f"time: invalid duration {quoted(text)}")
    return int(Decimal(f"{whole or 0}.{fraction[:18] or 0}") * _UNITS[unit])


@dataclass(frozen=True, slots=True)
class Period:
    """An ISO 8601 period; every part may be negative or a fraction."""

    years: Decimal = Decimal(0)
    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    minutes: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)

    def negated(self) -> Period:
        """The period backwards."""
        return Period(-self.years, -self.months, -self.days, -self.hours, -self.minutes, -self.seconds)


_DATE = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}
_TIME = {"H": "hours", "M": "minutes", "S": "seconds"}
_DESIGNATED = re.compile(r"([+-]?[0-9]+(?:[.,][0-9]+)?)([A-Za-z])")


def parse_period(text: str) -> Period:
    """The period of ISO 8601 text such as `P3Y6M4DT12H30M5S` or `P2W`. Raises Fault."""
    negative, rest = text.startswith("-"), text.lstrip("+-")
    if text in {"", "-", "+"}:
        raise Fault(f"cannot parse a blank string as a period{f': {text}' if text else ''}")
    if rest == "0":
        return Period()
    if not rest.startswith("P"):
        raise Fault(f"{text}: expected 'P' period mark at the start")
    date, mark, time = rest[1:].partition("T")
    parts = _parts(text, date, _DATE) | (_parts(text, time, _TIME) if mark else {})
    if not parts:
        raise Fault(f"{text}: expected 'Y', 'M', 'W', 'D', 'H', 'M', or 'S' designator")
    days = parts.pop("days", Decimal(0)) + 7 * parts.pop("weeks", Decimal(0))
    period = Period(days=days, **parts)
    return period.negated() if negative else period


def _parts(text: str, section: str, designators: dict[str, str]) -> dict[str, Decimal]:
    parts: dict[str, Decimal] = {}
    while section:
        match = _DESIGNATED.match(section)
        if match is None:
            raise Fault(f"{text}: expected a number but found {quoted(section[:1])}")
        number, designator = match.groups()
        if designator not in designators:
            raise Fault(f"{text}: '{designator}' designator cannot occur here")
        if designators[designator] in parts:
            raise Fault(f"{text}: '{designator}' designator cannot occur more than once")
        if len(number) > 12:
            raise Fault(f"{text}: integer overflow occurred in {number}{designator}")
        parts[designators[designator]] = Decimal(number.replace(",", "."))
        section = section[match.end() :]
    return parts


# A year of the Gregorian calendar's average, in days.
_DAYS_PER_YEAR = Decimal("365.2425")


def period_nanoseconds(period: Period) -> int:
    """The period's approximate length; every part is kept to one decimal, as Bento does."""
    days = (
        _tenths(period.years) * _DAYS_PER_YEAR
        + _tenths(period.months) * _DAYS_PER_YEAR / 12
        + _tenths(period.days)
    )
    seconds = _tenths(period.hours) * 3600 + _tenths(period.minutes) * 60 + _tenths(period.seconds)
    return int(days * 86400 * NANOSECONDS) + int(seconds * NANOSECONDS)


def _tenths(number: Decimal) -> Decimal:
    return Decimal(int(number * 10)) / 10


def add_period(moment: Timestamp, period: Period) -> Timestamp:
    """The moment a period later: whole years, months and days by the calendar, fractions and time exactly."""
    try:
        local = moment.local()
        shifted = _shift_months(local, int(period.years) * 12 + int(period.months)) + timedelta(
            days=int(period.days)
        )
        later = from_datetime(shifted, moment.nanosecond)
        rest = (period.days % 1 if period.days >= 0 else -(-period.days % 1)) * 86400
        seconds = period.hours * 3600 + period.minutes * 60 + period.seconds + rest
        return Timestamp(later.unix_nanoseconds + int(seconds * NANOSECONDS), moment.zone)
    except (OverflowError, ValueError):
        raise Fault("timestamp is out of range") from None


def _shift_months(local: datetime, months: int) -> datetime:
    # Like Go, the 31st of January plus a month is the 2nd or 3rd of March.
    index = local.year * 12 + local.month - 1 + months
    year, month = index // 12, index % 12 + 1
    overflow = max(local.day - calendar.monthrange(year, month)[1], 0)
    return local.replace(year=year, month=month, day=local.day - overflow) + timedelta(days=overflow)
