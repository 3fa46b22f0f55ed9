"""How a change reaches the running system: a counter in PostgreSQL, and a hint on Valkey to look now."""

import contextlib
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import F

from gateway.models import RevisionCounter

CHANNEL: Final = "sluice:revision"
TIMEOUT_SECONDS: Final = 0.2
"""Valkey's hint saves a second at most, so it may not cost much of one."""


def announce() -> None:
    """Count the revision up with the change. Call it last in the transaction: it locks the one counter row.

    A reader that sees the new count sees the change. Crash after the commit and before the hint: every
    process polls the counter each second anyway.
    """
    RevisionCounter.objects.filter(pk=1).update(value=F("value") + 1)
    transaction.on_commit(_wake)


def _wake() -> None:
    with contextlib.suppress(redis.RedisError):
        _valkey(settings.VALKEY_URL).publish(CHANNEL, b"")


@lru_cache(maxsize=1)
def _valkey(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
