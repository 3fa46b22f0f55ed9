"""`parse_log`: lines of syslog into JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.message import Message
from streams.processors.flags import flagged
from streams.processors.syslog import Rfc3164Times, parse_rfc3164, parse_rfc5424
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules

_CURRENT: Final = "current"
_FORMATS: Final = ("syslog_rfc5424", "syslog_rfc3164")


class ParseLog:
    """Reads each payload as one line."""

    def __init__(self, parse: Callable[[str], dict[str, Any]]) -> None:
        self._parse = parse

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that cannot be read keep their payload and are flagged."""
        return [[self._parsed(message) for message in messages]]

    def _parsed(self, message: Message) -> Message:
        try:
            return message.replaced(value=self._parse(message.content.decode("utf-8", "replace")))
        except ValueError as error:
            return flagged(message, f"failed to parse message: {error}")


def _zone(name: str) -> tzinfo:
    """Raises ValueError for a zone there is not."""
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _times(config: Config) -> Rfc3164Times:
    """Raises ValueError."""
    year = None if config["default_year"] == _CURRENT else int(config["default_year"] or "1")
    return Rfc3164Times(year, _zone(config["default_timezone"]), config["allow_rfc3339"])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        _times(config)
    except ValueError as error:
        yield Problem(
            (), "wrong_option", str(error), "a year such as 2026, a time zone such as Europe/Berlin"
        )


def _build(config: Config, _context: BuildContext) -> ParseLog:
    best_effort = config["best_effort"]
    if config["format"] == "syslog_rfc5424":
        return ParseLog(partial(parse_rfc5424, best_effort=best_effort))
    return ParseLog(partial(parse_rfc3164, times=_times(config), best_effort=best_effort))


PARSE_LOG: Final = ComponentSpec(
    Kind.PROCESSOR,
    "parse_log",
    "Turns a line of syslog into JSON.",
    _build,
    fields=(
        Field("format", FieldType.STRING, "The standard of the line.", options=_FORMATS),
        Field("best_effort", FieldType.BOOL, "Give what there is of a line that is not whole.", default=True),
        Field("allow_rfc3339", FieldType.BOOL, "Read times of RFC 3339 in RFC 3164.", default=True),
        Field("default_year", FieldType.STRING, "The year in RFC 3164; empty: the year 1.", default=_CURRENT),
        Field("default_timezone", FieldType.STRING, "The time zone in RFC 3164.", default="UTC"),
    ),
    description="Fields: message, timestamp, facility, severity, priority, hostname, procid, appname, and in "
    "RFC 5424 version, msgid and structureddata. What a line does not say is left out.",
    check=_check,
    examples=({"format": "syslog_rfc5424"}, {"format": "syslog_rfc3164", "default_year": "2026"}),
    replayable=lambda config: config["format"] == "syslog_rfc5424" or config["default_year"] != _CURRENT,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
