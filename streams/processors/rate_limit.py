"""`rate_limit`: passes messages on as fast as a rate limit allows."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.rate_limits.rate_limit import RateLimit, take_turn
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class RateLimitProcessor:
    """Waits for the rate limit before each message."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch, when the last of it may go."""
        for message in messages:
            await take_turn(self._limit, len(message.content))
        return [messages]


def _build(config: Config, context: BuildContext) -> RateLimitProcessor:
    return RateLimitProcessor(context.resource(config["resource"]))


RATE_LIMIT: Final = ComponentSpec(
    Kind.PROCESSOR,
    "rate_limit",
    "Passes messages on as fast as a rate limit of the stream allows.",
    _build,
    fields=(Field("resource", FieldType.RATE_LIMIT, "The label of the rate limit."),),
    examples=({"resource": "limit"},),
    per_message=True,
    dry_run=DryRun.WAIT,
)
