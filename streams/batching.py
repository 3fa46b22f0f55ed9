"""Batching policies: when messages that came one by one are a batch. They make batches and never divide them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from streams.bloblang import Mapping
from streams.limits import DEFAULT_LIMITS, Limit, StreamLimits
from streams.message import Message
from streams.processors.conditions import ask, compile_condition
from streams.spec import BuildContext, Component, Config, Field, FieldType, Kind, Problem, Shape, children

_HELD_BACK: Final = 10_000
"""Messages that wait where a policy does not count them."""
POLICY_FIELDS: Final = (
    Field(
        "count",
        FieldType.INT,
        "Messages that make a batch; 0: any number.",
        default=0,
        limit=Limit.BATCH_MESSAGES,
    ),
    Field(
        "byte_size",
        FieldType.INT,
        "Bytes that make a batch; 0: any number.",
        default=0,
        limit=Limit.HELD_BYTES,
    ),
    Field(
        "period",
        FieldType.DURATION,
        "The longest that messages wait for others; empty: until there are enough.",
        default="",
    ),
    Field(
        "jitter",
        FieldType.FLOAT,
        "The part of `period`, at random, by which it is longer.",
        default=0,
    ),
    Field("check", FieldType.BLOBLANG, "A query that is true for a message that ends a batch.", default=""),
    Field(
        "processors",
        FieldType.PROCESSOR,
        "What is done to each batch; what it makes of it is one batch.",
        default=[],
        shape=Shape.LIST,
    ),
)


def batching_field(name: str = "batching") -> Field:
    """The field for a batching policy."""
    return Field(name, FieldType.OBJECT, "When messages are put together to batches.", children=POLICY_FIELDS)


@dataclass(frozen=True, slots=True)
class Policy:
    """When a batch is complete."""

    count: int = 0
    """Messages; 0: any number."""
    byte_size: int = 0
    """Bytes; 0: any number."""
    period: float = 0.0
    """Seconds; 0: for ever."""
    jitter: float = 0.0
    check: Mapping | None = None
    limits: StreamLimits = DEFAULT_LIMITS
    """What completes a batch though the policy would wait."""

    @property
    def is_on(self) -> bool:
        """Tell whether anything completes a batch: else messages pass as they come."""
        return bool(self.count or self.byte_size or self.period or self.check)

    def due(self, flushed: float, now: float) -> float | None:
        """When a batch begun now is complete though nothing else comes; None: never.

        flushed, now: on one clock. The time runs from the last batch on, in whole periods, as in Bento.
        """
        if not self.period:
            return None
        ticks = math.floor((now - flushed) / self.period) + 1
        return flushed + ticks * self.period + random.random() * self.jitter * self.period  # noqa: S311


def make_policy(config: Config, context: BuildContext) -> Policy:
    """The policy that a group of fields describes, within the limits of the stream."""
    return Policy(
        config["count"],
        config["byte_size"],
        config["period"] or 0.0,
        config["jitter"],
        compile_condition(config["check"]),
        context.choice(DEFAULT_LIMITS),
    )


def check_policy(path: tuple[str, ...], config: Config) -> Iterable[Problem]:
    """What is wrong with a policy; path: where it stands in the component."""
    for name in ("count", "byte_size", "jitter", "period"):
        if (config[name] or 0) < 0:
            yield Problem((*path, name), "wrong_value", f"{name} is at least 0")
    if config["processors"] and not is_on(config):
        message = "without a count, byte_size, period or check there are no batches to process"
        yield Problem((*path, "processors"), "no_batches", message, "add `count: 1` to process each message")


def is_on(config: Config) -> bool:
    """Tell whether a group of fields describes a policy that makes batches."""
    return any(config[name] for name in ("count", "byte_size", "period", "check"))


@dataclass(frozen=True, slots=True)
class HeldBack:
    """How many messages may wait behind an input, which must not count them as being processed."""

    messages: int = 0


def held_back(config: Config) -> int:
    """How many messages a policy may hold back."""
    if not is_on(config):
        return 0
    return int(config["count"]) or _HELD_BACK


def held_by_output(writing: Component) -> int:
    """How many messages the policies of an output, and of those inside it, may hold back."""
    policy = writing.config.get("batching")
    own = held_back(policy) if isinstance(policy, dict) else 0
    return max([own, *map(held_by_output, children(writing, Kind.OUTPUT))])


def holding_back(context: BuildContext, messages: int) -> BuildContext:
    """The context for an input behind which so many messages more may wait."""
    waiting = context.choice(HeldBack()).messages + messages
    return replace(context, services={**context.services, HeldBack: HeldBack(waiting)})


class Gathering:
    """Messages of the batch that is being made."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._bytes = 0
        self.messages: list[Message] = []

    def add(self, messages: Iterable[Message]) -> bool:
        """Take a whole batch, tested message by message. Returns whether what is gathered is a batch now."""
        complete = False
        for message in messages:
            self.messages.append(message)
            complete = self._completes(message) or complete
        return complete

    def take(self) -> list[Message]:
        """What was gathered; the next batch begins."""
        taken, self.messages, self._bytes = self.messages, [], 0
        return taken

    def _completes(self, message: Message) -> bool:
        policy = self._policy
        self._bytes += len(message.content)
        if self._bytes >= (policy.byte_size or policy.limits.held_bytes):
            return True
        if len(self.messages) >= (policy.count or policy.limits.batch_messages):
            return True
        return policy.check is not None and self._passes(policy.check)

    def _passes(self, check: Mapping) -> bool:
        """A check that fails counts as false, as in Bento."""
        return ask(check, self.messages, len(self.messages) - 1) is True
