"""A moment with nanoseconds and a zone, written as RFC 3339 with only the digits it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time. Python's datetime stops at microseconds; brokers and Bloblang count nanoseconds."""

    unix_nanoseconds: int
    """Nanoseconds since 1970-01-01T00:00:00Z."""
    zone: tzinfo = UTC
    """The zone it is shown in; two timestamps of one moment are equal moments whatever their zones."""

    def local(self) -> datetime:
        """The date and time in its zone, cut to whole seconds. Raises OverflowError outside years 1 to 9999."""
        seconds = self.unix_nanoseconds // NANOSECONDS
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(self.zone)

    @property
    def nanosecond(self) -> int:
        """Nanoseconds within the second, 0 to 999,999,999."""
        return self.unix_nanoseconds % NANOSECONDS

    def rfc3339(self) -> str:
        """Such as `2020-08-14T11:50:26.371Z`: fraction without trailing zeros, `Z` for UTC."""
        local = self.local()
        fraction = f".{self.nanosecond:09d}".rstrip("0").rstrip(".")
        return f"{local:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + offset_text(local, zulu=True)


def from_datetime(moment: datetime, nanosecond: int) -> Timestamp:
    """The timestamp of a zoned datetime, its microseconds replaced by `nanosecond`."""
    elapsed = moment.replace(microsecond=0) - _EPOCH
    seconds = elapsed.days * 86_400 + elapsed.seconds
    return Timestamp(seconds * NANOSECONDS + nanosecond, moment.tzinfo or UTC)


def offset_text(local: datetime, *, zulu: bool, colon: bool = True) -> str:
    """The zone offset as `+01:00` (or `+0100`); `Z` for UTC where `zulu`."""
    seconds = int((local.utcoffset() or timedelta()).total_seconds())
    if zulu and seconds == 0:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{sign}{hours:02d}{':' if colon else ''}{minutes:02d}"
