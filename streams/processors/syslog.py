"""Lines of syslog, by RFC 5424 and RFC 3164, into their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, Final

import re2

_NONE: Final = "-"
_ELEMENT: Final = r'\[[^ =\]"]+(?: [^ =\]"]+="(?:[^"\\\]]|\\.)*")*\]'
_RFC5424: Final = re2.compile(
    r"<(?P<priority>[0-9]{1,3})>(?P<version>[1-9][0-9]{0,2})"
    r"(?: (?P<timestamp>\S+)(?: (?P<hostname>\S+)(?: (?P<appname>\S+)(?: (?P<procid>\S+)(?: (?P<msgid>\S+)"
    rf"(?: (?P<structured>-|(?:{_ELEMENT})+)(?: (?P<message>(?s:.*)))?)?)?)?)?)?)?"
)
_RFC3164: Final = re2.compile(
    r"<(?P<priority>[0-9]{1,3})>"
    r"(?:(?P<timestamp>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-\S+)"
    r"(?: (?P<hostname>[^\s:]+)(?: (?:(?P<appname>[^\s:\[]+)(?:\[(?P<procid>[^\]\s]*)\])?: ?)?"
    r"(?P<message>(?s:.*)))?)?)?"
)
_PARAMETER: Final = re.compile(r'([^ =\]"]+)="((?:[^"\\\]]|\\.)*)"')
_ESCAPED: Final = re.compile(r'\\(["\\\]])')
_MAX_PRIORITY: Final = 191


@dataclass(frozen=True, slots=True)
class Rfc3164Times:
    """How to read times that say neither year nor zone."""

    year: int | None
    """None: the present one."""
    zone: tzinfo
    rfc3339: bool
    """Times of RFC 3339 are read too."""


def parse_rfc5424(line: str, *, best_effort: bool) -> dict[str, Any]:
    """The fields of a line; with best_effort as many as there are. Raises ValueError."""
    found, rest = _matched(_RFC5424, line)
    fields: dict[str, Any] = _numbers(found["priority"]) | {"version": int(found["version"])}
    if not best_effort:
        _require_whole(rest, found["structured"])
    fields |= _time(found["timestamp"], _rfc3339, best_effort=best_effort)
    fields |= _texts(found, "hostname", "appname", "procid", "msgid", "message")
    if found["structured"] not in {None, _NONE}:
        fields["structureddata"] = _structured_data(found["structured"])
    return fields


def parse_rfc3164(line: str, times: Rfc3164Times, *, best_effort: bool) -> dict[str, Any]:
    """The fields of a line; with best_effort as many as there are. Raises ValueError."""
    found, rest = _matched(_RFC3164, line)
    fields: dict[str, Any] = _numbers(found["priority"])
    if not best_effort:
        _require_whole(rest, found["message"])
    fields |= _time(found["timestamp"], partial(_rfc3164_time, times=times), best_effort=best_effort)
    return fields | _texts(found, "hostname", "appname", "procid", "message")


def _matched(pattern: Any, line: str) -> tuple[Mapping[str, Any], str]:
    """The groups of the longest beginning that fits, and what is left. Raises ValueError."""
    match = pattern.match(line)
    if match is None:
        raise ValueError("the line does not begin with a priority such as <34>")
    return match.groupdict(), line[match.end() :]


def _require_whole(rest: str, last: str | None) -> None:
    """Raises ValueError when something is left of the line, or its last field is missing."""
    if rest or last is None:
        raise ValueError("the line is not complete")


def _time(text: str | None, read: Callable[[str], str], *, best_effort: bool) -> dict[str, str]:
    if text is None or text == _NONE:
        return {}
    try:
        return {"timestamp": read(text)}
    except ValueError:
        if not best_effort:
            raise
        return {}


def _numbers(text: str) -> dict[str, Any]:
    priority = int(text)
    if priority > _MAX_PRIORITY:
        raise ValueError(f"{priority} is no priority")
    return {"priority": priority, "facility": priority // 8, "severity": priority % 8}


def _texts(found: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {
        name: found[name] for name in names if found[name] and (found[name] != _NONE or name == "message")
    }


def _structured_data(text: str) -> dict[str, dict[str, str]]:
    """Elements by their name, each with its parameters."""
    data: dict[str, dict[str, str]] = {}
    for element in re2.findall(_ELEMENT, text):
        name, _, parameters = element[1:-1].partition(" ")
        data[name] = {key: _ESCAPED.sub(r"\1", value) for key, value in _PARAMETER.findall(parameters)}
    return data


def _rfc3164_time(text: str, times: Rfc3164Times) -> str:
    if text[:1].isdigit():
        if not times.rfc3339:
            raise ValueError(f"{text!r} is a time of RFC 3339")
        return _rfc3339(text)
    year = datetime.now(UTC).year if times.year is None else times.year
    moment = datetime.strptime(f"{year:04} {text}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007 - the zone comes next
    return _shown(moment.replace(tzinfo=times.zone))


def _rfc3339(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return _shown(moment)


def _shown(moment: datetime) -> str:
    text = moment.isoformat()
    whole, dot, fraction = text.partition(".")
    if dot:
        digits = re.match(r"\d+", fraction)
        end = digits.end() if digits else 0
        text = f"{whole}.{fraction[:end].rstrip('0')}{fraction[end:]}"
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
