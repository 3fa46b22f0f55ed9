"""The `read_until` input: another input, up to a message or a silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from streams.bloblang import Mapping
from streams.errors import EndOfInput, StreamStoppedError
from streams.inputs.called import check_not_called
from streams.message import Failure, Message
from streams.processed import build_input
from streams.processors.conditions import CHECK, ask, compile_condition
from streams.spec import (
    Acknowledge,
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
)
from streams.stages import run_stages
from streams.statistics import Statistics
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

FINAL: Final = {"bento_read_until": "final"}
"""The metadata of the message that ends the input."""


@dataclass(frozen=True, slots=True)
class Ending:
    """When to read no more, and what then."""

    check: Mapping | None
    """True for the last message; None: no message is."""
    idle: float | None
    """Seconds without a message after which it ends; None: any."""
    restart: tuple[float, float] | None
    """The first and the longest wait before the input begins anew, where it ended by itself; None: it does not."""


class ReadUntil:
    """Reads until a message passes the check, or none comes for a while."""

    def __init__(self, make: Callable[[], Input], ending: Ending) -> None:
        """make: makes the input that is read; again when it begins anew."""
        self._make = make
        self._ending = ending
        self._reading = make()
        self._task: asyncio.Task[Batch] | None = None
        self._final: asyncio.Future[Exception | None] | None = None
        """What became of the last message, once it is known; None: it did not come yet."""
        self._ended = False
        self._restarts = 0

    async def connect(self) -> None:
        """Connect the input. Raises ConnectError."""
        await self._reading.connect()

    async def close(self) -> None:
        """Close the input."""
        if self._task is not None:
            await end_tasks((self._task,))
        await self._reading.close()

    async def read(self) -> Batch:
        """Return the next batch. Raises EndOfInput, or the input's ConnectError."""
        while not self._ended:
            if self._final is not None:
                # An end that nobody took was none: then reading goes on.
                self._ended = await self._final is None
                self._final = None
                continue
            batch = await self._next()
            if batch is not None:
                self._restarts = 0
                return await self._checked(batch)
            self._ended = self._ending.restart is None
            if self._ending.restart is not None:
                await self._begin_anew(*self._ending.restart)
        raise EndOfInput

    async def _next(self) -> Batch | None:
        """The next batch; None where the input has ended, or was silent for too long."""
        self._task = self._task or asyncio.create_task(self._reading.read())
        await asyncio.wait((self._task,), timeout=self._ending.idle)
        if not self._task.done():
            logger.info("an input was silent for %s s, and is read no more", self._ending.idle)
            return None
        finished, self._task = self._task, None
        try:
            return finished.result()
        except EndOfInput:
            return None

    async def _begin_anew(self, first: float, longest: float) -> None:
        await self.close()
        self._task = None
        await asyncio.sleep(min(first * 2 ** min(self._restarts, 32), longest))
        self._restarts += 1
        self._reading = self._make()
        await self._reading.connect()

    async def _checked(self, batch: Batch) -> Batch:
        """The batch, or the part of it up to the last message to be read."""
        if self._ending.check is None:
            return batch
        messages = batch.messages
        if batch.before:
            messages = await run_stages(batch.before, messages, grouped=batch.grouped)
        for at in range(1 if batch.grouped else len(messages)):
            if messages and self._passes(messages if batch.grouped else [messages[at]]):
                return self._cut(batch, messages, at)
        return replace(batch, messages=messages, before=())

    def _passes(self, messages: list[Message]) -> bool:
        answer = ask(self._ending.check, messages, 0) if self._ending.check else False
        if isinstance(answer, Failure):
            logger.warning("the check of an input failed, and counts as false: %s", answer.text)
        return answer is True

    def _cut(self, batch: Batch, messages: list[Message], at: int) -> Batch:
        """The batch up to a message. Those after it are not acknowledged: they are read again another time."""
        self._final = asyncio.get_running_loop().create_future()
        last = messages[at].copy()
        last.metadata |= FINAL
        rest = [] if batch.grouped else messages[at + 1 :]
        kept = [*messages[:at], last, *(messages[1:] if batch.grouped else [])]
        acknowledge = _telling(batch.acknowledge, self._final, unread=bool(rest))
        return replace(batch, messages=kept, acknowledge=acknowledge, before=())


def _telling(
    acknowledge: Acknowledge, final: asyncio.Future[Exception | None], *, unread: bool
) -> Acknowledge:
    async def settle(error: Exception | None) -> None:
        await acknowledge(error or (StreamStoppedError("reading ended before it") if unread else None))
        if not final.done():
            final.set_result(error)

    return settle


def _build(config: Config, context: BuildContext) -> ReadUntil:
    backoff = config["restart_backoff"]
    ending = Ending(
        compile_condition(config["check"]),
        config["idle_timeout"],
        (backoff["initial_interval"], backoff["max_interval"]) if config["restart_input"] else None,
    )
    return ReadUntil(_maker(config, context), ending)


def _maker(config: Config, context: BuildContext) -> Callable[[], Input]:
    """Makes the input. Each that is made says for itself how it stands, and only the last of them is asked."""
    counts = context.service(Statistics)
    current = Statistics(stages=counts.stages, metrics=counts.metrics)
    counts.sources.append(current.source)

    def make() -> Input:
        current.sources.clear()
        services = {**context.services, Statistics: current}
        return build_input(config["input"], replace(context, services=services))

    return make


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["check"] and config["idle_timeout"] is None:
        yield Problem((), "missing_field", "neither `check` nor `idle_timeout` ever ends it", "give one")
    if config["idle_timeout"] is not None and config["idle_timeout"] <= 0:
        yield Problem(("idle_timeout",), "wrong_value", "an idle_timeout is longer than nothing")
    yield from check_not_called(("input",), [config["input"]], "`read_until`")


READ_UNTIL: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="read_until",
    summary="Reads another input until a message passes a check, or none comes for a while.",
    description=(
        "The message that passes is read too, with the metadata `bento_read_until` set to `final`; when the output has"
        " it, the stream ends. A check that fails counts as false."
    ),
    fields=(
        Field("input", FieldType.INPUT, "The input."),
        replace(CHECK, summary="A query that is true for the last message to be read."),
        Field(
            "idle_timeout", FieldType.DURATION, "How long a silence ends it; empty: none does.", default=""
        ),
        Field("restart_input", FieldType.BOOL, "Begin anew where the input ends by itself.", default=False),
        Field(
            "restart_backoff",
            FieldType.OBJECT,
            "How long to wait before that.",
            children=(
                Field("initial_interval", FieldType.DURATION, "The first wait.", default="1ms"),
                Field("max_interval", FieldType.DURATION, "The longest wait.", default="100ms"),
            ),
        ),
    ),
    examples=(
        {"input": {"generate": {"mapping": "root = counter()"}}, "check": "this >= 100"},
        {"input": {"generate": {"mapping": "root = 1"}}, "idle_timeout": "5s"},
    ),
    build=_build,
    check=_check,
)
