"""Methods on timestamps: RFC 3339 text, Unix seconds, or timestamps already parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.bloblang.durations import add_period, parse_duration, parse_period, period_nanoseconds
from streams.bloblang.gotime import RFC3339_NANO, format_time, parse_time, zone
from streams.bloblang.registry import (
    OPTIONAL,
    ExpectedFailure,
    Naming,
    example,
    integer,
    method,
    string,
    timestamp,
)
from streams.bloblang.strftime import format_strftime, parse_strptime
from streams.bloblang.values import get_string, get_timestamp, wrap_int64
from streams.timestamp import Timestamp


def check_zone(arguments: dict[str, Any]) -> None:
    """Refuses a constant time zone nobody knows."""
    if isinstance(arguments.get("tz"), str):
        zone(arguments["tz"])


def check_period(arguments: dict[str, Any]) -> None:
    """Refuses a constant period that is malformed."""
    if isinstance(arguments.get("duration"), str):
        parse_period(arguments["duration"])


def _shown_in(value: Any, name: str | None) -> Timestamp:
    moment = get_timestamp(value)
    return moment if name is None else Timestamp(moment.unix_nanoseconds, zone(name))


@method(
    "ts_parse",
    "The timestamp a text gives by a layout of Go's reference time.",
    parameters=(string("format"),),
    folds=True,
    naming=Naming.NONE,
    examples=(
        example('root = this.ts_parse("2006-Jan-02")', ("2020-Aug-14", "2020-08-14T00:00:00Z")),
        example(
            'root = this.ts_parse("2006-01-02")',
            (
                "today",
                ExpectedFailure(
                    'failed assignment (line 1): parsing time "today" as "2006-01-02": '
                    'cannot parse "today" as "2006"'
                ),
            ),
        ),
    ),
)
def ts_parse(value: Any, layout: str) -> Timestamp:
    """The timestamp."""
    return parse_time(get_string(value), layout)


@method(
    "parse_timestamp",
    "As ts_parse, giving text.",
    parameters=(string("format"),),
    folds=True,
    naming=Naming.NONE,
    documented=False,
)
def parse_timestamp(value: Any, layout: str) -> str:
    """RFC 3339 text."""
    return parse_time(get_string(value), layout).rfc3339()


@method(
    "ts_strptime",
    "The timestamp a text gives by a format of C's strptime; `%f` is microseconds.",
    parameters=(string("format"),),
    folds=True,
    naming=Naming.NONE,
    examples=(
        example('root = this.ts_strptime("%Y-%b-%d %H:%M")', ("2020-Aug-14 11:50", "2020-08-14T11:50:00Z")),
    ),
)
def ts_strptime(value: Any, layout: str) -> Timestamp:
    """The timestamp."""
    return parse_strptime(get_string(value), layout)


@method(
    "parse_timestamp_strptime",
    "As ts_strptime, giving text.",
    parameters=(string("format"),),
    folds=True,
    naming=Naming.NONE,
    documented=False,
)
def parse_timestamp_strptime(value: Any, layout: str) -> str:
    """RFC 3339 text."""
    return parse_strptime(get_string(value), layout).rfc3339()


_FORMAT = (string("format", RFC3339_NANO), string("tz", OPTIONAL))


@method(
    "ts_format",
    "The timestamp as text by a layout of Go's reference time, in a zone if one is given.",
    parameters=_FORMAT,
    folds=True,
    naming=Naming.NONE,
    check=check_zone,
    examples=(
        example('root = this.ts_format("2006-Jan-02 15:04", "UTC")', (1597405526, "2020-Aug-14 11:45")),
    ),
)
def ts_format(value: Any, layout: str, tz: str | None) -> str:
    """The text."""
    return format_time(_shown_in(value, tz), layout)


method(
    "format_timestamp",
    "As ts_format.",
    parameters=_FORMAT,
    folds=True,
    naming=Naming.NONE,
    check=check_zone,
    documented=False,
)(ts_format)


@method(
    "ts_strftime",
    "The timestamp as text by a format of C's strftime; `%f` is microseconds.",
    parameters=(string("format"), string("tz", OPTIONAL)),
    folds=True,
    naming=Naming.NONE,
    check=check_zone,
    examples=(example('root = this.ts_strftime("%Y-%m-%d", "UTC")', (1597405526, "2020-08-14")),),
)
def ts_strftime(value: Any, layout: str, tz: str | None) -> str:
    """The text."""
    return format_strftime(_shown_in(value, tz), layout)


method(
    "format_timestamp_strftime", "As ts_strftime.", parameters=(string("format"), string("tz", OPTIONAL)),
    folds=True, naming=Naming.NONE, check=check_zone, documented=False,
)(ts_strftime)  # fmt: skip


def _unix(names: tuple[str, str], unit: str, divisor: int, expected: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        return wrap_int64(get_timestamp(value).unix_nanoseconds // divisor)

    shown = example(f"root = this.{names[0]}()", ("2009-11-10T23:00:00Z", expected))
    method(names[0], f"The timestamp in Unix {unit}.", folds=True, naming=Naming.NONE, examples=(shown,))(
        convert
    )
    method(names[1], f"As {names[0]}.", folds=True, naming=Naming.NONE, documented=False)(convert)
    return convert


ts_unix = _unix(("ts_unix", "format_timestamp_unix"), "seconds", 10**9, 1257894000)
ts_unix_milli = _unix(("ts_unix_milli", "format_timestamp_unix_milli"), "milliseconds", 10**6, 1257894000000)
ts_unix_micro = _unix(
    ("ts_unix_micro", "format_timestamp_unix_micro"), "microseconds", 10**3, 1257894000000000
)
ts_unix_nano = _unix(("ts_unix_nano", "format_timestamp_unix_nano"), "nanoseconds", 1, 1257894000000000000)


@method(
    "ts_round",
    "The timestamp rounded to the nearest multiple of a duration in nanoseconds, halves up.",
    parameters=(integer("duration"),),
    folds=True,
    naming=Naming.NONE,
    examples=(
        example(
            'root = this.ts_round("1h".parse_duration())', ("2020-08-14T05:54:23Z", "2020-08-14T06:00:00Z")
        ),
    ),
)
def ts_round(value: Any, duration: int) -> Timestamp:
    """The rounded timestamp."""
    moment = get_timestamp(value)
    if duration <= 0:
        return moment
    # Go counts multiples from year 1.
    since_year_one = moment.unix_nanoseconds + 62135596800 * 10**9
    remainder = since_year_one % duration
    change = duration - remainder if 2 * remainder >= duration else -remainder
    return Timestamp(moment.unix_nanoseconds + change, moment.zone)


@method(
    "ts_tz",
    "The timestamp shown in another time zone.",
    parameters=(string("tz"),),
    folds=True,
    naming=Naming.NONE,
    check=check_zone,
    examples=(example('root = this.ts_tz("UTC")', ("2021-02-03T17:05:06+01:00", "2021-02-03T16:05:06Z")),),
)
def ts_tz(value: Any, tz: str) -> Timestamp:
    """The same moment."""
    return _shown_in(value, tz)


@method(
    "ts_sub",
    "The nanoseconds from another timestamp to this one.",
    parameters=(timestamp("t2"),),
    folds=True,
    naming=Naming.NONE,
    examples=(example('root = this.ts_sub("2020-08-14T05:54:22Z")', ("2020-08-14T05:54:23Z", 1000000000)),),
)
def ts_sub(value: Any, other: Timestamp) -> int:
    """The difference."""
    difference = get_timestamp(value).unix_nanoseconds - other.unix_nanoseconds
    return max(min(difference, 2**63 - 1), -(2**63))


@method(
    "ts_add_iso8601",
    "The timestamp plus an ISO 8601 period.",
    parameters=(string("duration"),),
    folds=True,
    naming=Naming.NONE,
    check=check_period,
    examples=(
        example('root = this.ts_add_iso8601("P1M")', ("2020-01-31T00:00:00Z", "2020-03-02T00:00:00Z")),
    ),
)
def ts_add_iso8601(value: Any, duration: str) -> Timestamp:
    """The later timestamp."""
    return add_period(get_timestamp(value), parse_period(duration))


@method(
    "ts_sub_iso8601",
    "The timestamp minus an ISO 8601 period.",
    parameters=(string("duration"),),
    folds=True,
    naming=Naming.NONE,
    check=check_period,
    examples=(
        example('root = this.ts_sub_iso8601("P1Y")', ("2021-05-01T00:00:00Z", "2020-05-01T00:00:00Z")),
    ),
)
def ts_sub_iso8601(value: Any, duration: str) -> Timestamp:
    """The earlier timestamp."""
    return add_period(get_timestamp(value), parse_period(duration).negated())


@method(
    "parse_duration",
    "The nanoseconds of a duration such as `1h30m` or `-50us`.",
    folds=True,
    naming=Naming.NONE,
    examples=(example("root = this.parse_duration()", ("1.5s", 1500000000)),),
)
def duration_nanoseconds(value: Any) -> int:
    """Nanoseconds."""
    return parse_duration(get_string(value))


@method(
    "parse_duration_iso8601",
    "The nanoseconds of an ISO 8601 period; years and months are taken at their average length.",
    folds=True,
    naming=Naming.NONE,
    examples=(example("root = this.parse_duration_iso8601()", ("PT2H", 7200000000000)),),
)
def duration_iso8601(value: Any) -> int:
    """Nanoseconds."""
    return period_nanoseconds(parse_period(get_string(value)))
