"""How values of the domain look on a page."""

import datetime as dt
import json
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()

_TONES: Final = {
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
    """Return how long a moment is past, in the largest two units from minutes on."""
    recent = timezone.now() - moment < dt.timedelta(minutes=1)
    return "just now" if recent else f"{timesince(moment)} ago"


@register.filter
def indented(value: Any) -> str:
    """Return a JSON value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)
