"""`redis`: so many goes in each interval, counted for all processes together."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from redis.exceptions import RedisError

from streams.errors import ConnectError
from streams.redis.connection import CONNECTION, RedisLink, check_redis, make_link, redis_servers
from streams.servers import require_topics
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

logger = logging.getLogger(__name__)

AWAY_SECONDS: Final = 1.0
"""How long to wait before asking again while the server does not answer: nothing goes uncounted."""
_TAKE: Final = """\
local goes = redis.call('INCR', KEYS[1])
if goes == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if goes > tonumber(ARGV[1]) then return math.max(1, redis.call('PTTL', KEYS[1])) end
return 0
"""
"""Goes of the interval that is running; it begins with its first, and ends by itself."""


class RedisRateLimit:
    """Counts goes of the interval on a server."""

    def __init__(self, link: RedisLink, config: Config) -> None:
        self._link = link
        self._key: str = config["key"]
        self._count: int = config["count"]
        self._milliseconds = max(1, round(config["interval"] * 1000))

    async def access(self, size: int) -> float:  # noqa: ARG002 - this limit counts goes
        """Take a go. Returns 0, or the seconds until the next interval."""
        try:
            client = await self._link.client()
            wait = await client.eval(_TAKE, 1, self._key, self._count, self._milliseconds)
        except (RedisError, ConnectError, OSError) as error:
            logger.warning("the rate limit %s does not answer: %s", self._key, error)
            return AWAY_SECONDS
        return int(wait) / 1000

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()


def _build(config: Config, context: BuildContext) -> RedisRateLimit:
    servers = redis_servers(config, context)
    require_topics(servers, [config["key"]])
    return RedisRateLimit(make_link(servers, config, context), config)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if config["count"] <= 0:
        yield Problem(("count",), "no_limit", "count must be larger than zero")
    if config["interval"] <= 0:
        yield Problem(("interval",), "no_limit", "an interval is longer than nothing")
    yield from check_redis(config, rules, {config["key"]: ("key",)})


REDIS: Final = ComponentSpec(
    Kind.RATE_LIMIT,
    "redis",
    "So many goes in each interval, counted in Redis or Valkey for all that use the same key.",
    _build,
    fields=(
        *CONNECTION,
        Field("count", FieldType.INT, "Goes of an interval.", default=1000),
        Field("interval", FieldType.DURATION, "How long an interval is.", default="1s"),
        Field("key", FieldType.STRING, "What it is counted under."),
    ),
    description="While the server does not answer, nothing may go.",
    check=_check,
    examples=({"url": "redis://cache.example.com:6379/0", "count": 100, "interval": "1m", "key": "orders"},),
)
