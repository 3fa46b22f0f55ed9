"""The `generate` input: makes messages by a mapping, at an interval."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from typing import Final

from streams import bloblang
from streams.config import parse_duration
from streams.errors import EndOfInput
from streams.limits import Limit
from streams.message import Failure, Message, Source
from streams.spec import Batch, BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

_EVERY: Final = "@every "


class Generate:
    """Makes a batch at each tick, until `count` messages were made."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._mapping = bloblang.compile(config["mapping"])
        self._interval = _interval(config["interval"])
        self._batch_size: int = config["batch_size"]
        self._left: int | None = config["count"] or None
        self._replay: bool = config["auto_replay_nacks"]
        self._stage = context.stage
        self._waits_first = config["interval"].startswith(_EVERY)
        self._due = 0.0
        self._made = 0

    async def connect(self) -> None:
        """Start the clock."""
        self._due = time.monotonic() + (self._interval if self._waits_first else 0.0)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def read(self) -> Batch:
        """Wait for the next tick that yields messages and return them. Raises EndOfInput after `count`."""
        while True:
            if self._left == 0:
                raise EndOfInput
            await self._tick()
            messages = self._make()
            if messages:
                return Batch(messages, _forget, grouped=True, replay=self._replay)

    async def _tick(self) -> None:
        now = time.monotonic()
        await asyncio.sleep(max(0.0, self._due - now))
        # Ticks that were missed, as while the output held everything up, are not made up for.
        self._due = max(self._due, now) + self._interval

    def _make(self) -> list[Message]:
        size = self._batch_size if self._left is None else min(self._batch_size, self._left)
        if self._left is not None:
            self._left -= size
        made = [self._one() for _ in range(size)]
        return [message for message in made if message is not None]

    def _one(self) -> Message | None:
        self._made += 1
        blank = Message(b"", source=self._source())
        try:
            made = self._mapping.apply([blank])
        except bloblang.MappingError as error:
            blank.error = Failure(str(error), self._stage, error.line)
            return blank
        return made if isinstance(made, Message) else None

    def _source(self) -> Source:
        # Nothing reads a made message again but this process, so a random identity is as good as a stored one.
        return Source(os.urandom(16), time.time_ns() // 1_000_000, f"{self._stage}#{self._made}")


async def _forget(error: Exception | None) -> None:
    """A made message has no place to be marked as done."""


def _interval(text: str) -> float:
    """Seconds between ticks; 0: no waiting. Raises ValueError."""
    return parse_duration(text.removeprefix(_EVERY)) if text else 0.0


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        negative = _interval(config["interval"]) < 0
    except ValueError:
        yield Problem(
            ("interval",),
            "wrong_type",
            f"{config['interval']!r} is no interval; cron expressions are not available in this version of Sluice",
            "write a duration such as `500ms`, `@every 5m`, or nothing for as fast as possible",
        )
    else:
        if negative:
            yield Problem(("interval",), "wrong_value", "an interval cannot be negative")
    if config["batch_size"] < 1 or config["count"] < 0:
        yield Problem((), "wrong_value", "batch_size is at least 1 and count at least 0")


GENERATE: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="generate",
    summary="Makes messages by a mapping, at an interval.",
    description="A mapping that yields `deleted()` makes no message at that tick.",
    fields=(
        Field("mapping", FieldType.BLOBLANG, "Makes each message; it has no `this`."),
        Field("interval", FieldType.STRING, "A duration, `@every 5m`, or empty: no waiting.", default="1s"),
        Field("count", FieldType.INT, "Messages to make before the input ends; 0: no end.", default=0),
        Field(
            "batch_size",
            FieldType.INT,
            "Messages made at each tick.",
            default=1,
            limit=Limit.BATCH_MESSAGES,
        ),
        Field("auto_replay_nacks", FieldType.BOOL, "Offer rejected messages again.", default=True),
    ),
    examples=(
        {"mapping": 'root = {"id": uuid_v4(), "made_at": now()}', "interval": "500ms"},
        {"mapping": 'root = "ping"', "interval": "@every 1m"},
    ),
    shared=False,
    build=Generate,
    check=_check,
)
