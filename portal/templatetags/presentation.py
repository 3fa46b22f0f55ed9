"""How values of the domain look on a page."""

import datetime as dt
import json
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil

register = template.Library()

_MILLION: Final = 1_000_000
_TONES: Final = {
    "active": "good",
    "running": "good",
    "retried": "good",
    "held": "bad",
    "unhealthy": "bad",
    "approved": "good",
    "delivered": "good",
    "enabled": "good",
    "healthy": "good",
    "published": "good",
    "working": "good",
    "requested": "warn",
    "retrying": "warn",
    "paused": "warn",
    "failing": "warn",
    "suspended": "warn",
    "deprecated": "warn",
    "pending": "plain",
    "cancelled": "plain",
    "revoked": "plain",
    "expired": "plain",
    "rejected": "bad",
    "exhausted": "bad",
    "disabled": "bad",
}
"""The colour of each state; a word always stands beside it."""


@register.filter
def tone(state: str) -> str:
    """Return the tone of a state: good, warn, bad or plain."""
    return _TONES.get(str(state), "plain")


@register.filter
def sentence(text: object) -> str:
    """Return text with its first letter large, the rest as it is."""
    written = str(text)
    return written[:1].upper() + written[1:]


@register.filter
def ago(moment: dt.datetime) -> str:
    """Return how long a moment is past, or off, in the largest two units from minutes on."""
    distance = timezone.now() - moment
    if abs(distance) < dt.timedelta(minutes=1):
        return "just now" if distance >= dt.timedelta() else "in a moment"
    return f"{timesince(moment)} ago" if distance > dt.timedelta() else f"in {timeuntil(moment)}"


@register.filter
def amount(number: float) -> str:
    """Return a number of things, short from a million on: 12, 0.5, 12,345, 1.2M."""
    if number >= _MILLION:
        return f"{number / _MILLION:,.1f}M"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.3g}"


@register.filter
def indented(value: Any) -> str:
    """Return a JSON value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)
