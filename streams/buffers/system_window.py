"""The `system_window` buffer: messages by windows of time, each of them a batch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from streams import bloblang
from streams.acknowledging import SharedAcknowledgement, acknowledge_all
from streams.bloblang import Mapping, MappingError
from streams.bloblang.errors import Fault
from streams.bloblang.values import get_timestamp
from streams.buffers.buffer import WrapInput
from streams.buffers.windows import Windows, WindowShape
from streams.errors import EndOfInput
from streams.message import Failure, Message, NotStructuredError
from streams.regrouping import RegroupedInput
from streams.spec import (
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
from streams.statistics import StageStatistics, Statistics
from streams.timestamp import NANOSECONDS, Timestamp

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 64 << 20
"""Bytes of messages that may wait; then the first window is sent on in parts."""
END: Final = "window_end_timestamp"
"""The metadata that says which window a message was in."""
_LATE: Final = "the message came after its window had been sent on"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message in a window."""

    message: Message
    share: SharedAcknowledgement
    replay: bool


class SystemWindow(RegroupedInput):
    """Holds messages until their windows are over. What is read again joins its window once more."""

    def __init__(self, reading: Input, moments: Mapping, shape: WindowShape, counts: StageStatistics) -> None:
        """moments: makes the time of a message."""
        super().__init__(reading)
        self._moments = moments
        self._windows: Windows[_Waiting] = Windows(shape)
        self._counts = counts
        self._bytes = 0

    async def _regroup(self) -> None:
        try:
            while True:
                if (batch := await self._arrived(self._wait())) is not None:
                    await self._take(batch)
                await self._send_due()
        except Exception as error:
            self._windows.finish()
            await self._send_due()
            # After the last message its window is waited for.
            while isinstance(error, EndOfInput) and (seconds := self._wait()) is not None:
                await asyncio.sleep(seconds)
                await self._send_due()
            raise

    def _wait(self) -> float | None:
        """Seconds until a window is over; None: nothing waits for one."""
        due = self._windows.next_due()
        return None if due is None else max(0.0, (due - time.time_ns()) / NANOSECONDS)

    async def _take(self, batch: Batch) -> None:
        """Put messages into their windows. Those without a time go on at once, failed; late ones are counted."""
        messages = batch.messages
        if batch.before:
            messages = await run_stages(batch.before, messages, grouped=batch.grouped)
        placed = [(message, self._places(messages, at)) for at, message in enumerate(messages)]
        parts = sum(len(ends) for _, ends in placed if isinstance(ends, list))
        failed = [_flagged(message, ends) for message, ends in placed if isinstance(ends, Failure)]
        late = sum(ends == [] for _, ends in placed)
        if late:
            self._counts.failed(late, _LATE)
        share = SharedAcknowledgement(batch.acknowledge, parts + bool(failed) or 1)
        if failed:
            await self._offer(Batch(failed, share.settle, grouped=True, replay=batch.replay))
        elif not parts:
            await share.settle(None)
        for message, ends in placed:
            if isinstance(ends, list):
                await self._keep(_Waiting(message, share, batch.replay), ends)

    def _places(self, messages: list[Message], at: int) -> list[int] | Failure:
        try:
            moment = moment_of(self._moments, messages, at)
        except MappingError as error:
            return Failure(error.text, line=error.line)
        except Fault as fault:
            return Failure(f"unable to parse result of timestamp mapping as timestamp: {fault.text}")
        return self._windows.places(moment)

    async def _keep(self, waiting: _Waiting, ends: list[int]) -> None:
        now = time.time_ns()
        for end in ends:
            self._windows.put(end, waiting, now)
            self._bytes += len(waiting.message.content)
        while self._bytes > MOST_BYTES:
            logger.warning(
                "more than %s bytes wait for their windows; the first is sent on in parts", MOST_BYTES
            )
            await self._send(*self._windows.take_part())

    async def _send_due(self) -> None:
        while (due := self._windows.next_due()) is not None and due <= time.time_ns():
            await self._send(*self._windows.take())

    async def _send(self, end: int, items: list[_Waiting]) -> None:
        self._bytes -= sum(len(item.message.content) for item in items)
        if not items:
            return
        shown = Timestamp(end).rfc3339()
        messages = [_in_window(item.message, shown) for item in items]
        acknowledge = acknowledge_all([item.share for item in items])
        replay = all(item.replay for item in items)
        await self._offer(Batch(messages, acknowledge, grouped=True, replay=replay))


def moment_of(moments: Mapping, messages: list[Message], at: int) -> int:
    """The time of a message in Unix nanoseconds. Raises MappingError, and Fault for what is no time."""
    made = moments.apply(messages, at)
    if not isinstance(made, Message):
        raise Fault("the message was deleted")
    try:
        value: Any = made.value
    except NotStructuredError:
        value = made.content
    return get_timestamp(value).unix_nanoseconds


def _in_window(message: Message, end: str) -> Message:
    twin = message.copy()
    twin.metadata[END] = end
    return twin


def _flagged(message: Message, failure: Failure) -> Message:
    twin = message.copy()
    twin.error = Failure(failure.text, "buffer", failure.line)
    return twin


def _nanoseconds(seconds: float | None) -> int:
    return round((seconds or 0.0) * NANOSECONDS)


def _build(config: Config, context: BuildContext) -> WrapInput:
    shape = WindowShape(
        *(_nanoseconds(config[name]) for name in ("size", "slide", "offset", "allowed_lateness"))
    )
    moments = bloblang.compile(config["timestamp_mapping"])
    counts = context.service(Statistics).stage(context.stage)
    return lambda reading: SystemWindow(reading, moments, shape, counts)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    size, slide = config["size"] or 0.0, config["slide"] or 0.0
    if size <= 0:
        yield Problem(("size",), "wrong_value", "a window is longer than nothing")
        return
    if not 0 <= slide < size:
        yield Problem(("slide",), "wrong_value", "windows slide by less than their size")
    if slide and size / slide > _MOST_OVERLAPS:
        message = f"a message would be in more than {_MOST_OVERLAPS} windows"
        yield Problem(("slide",), "wrong_value", message, "let them slide further")
    if not 0 <= (config["offset"] or 0.0) < (slide or size):
        yield Problem(("offset",), "wrong_value", "the offset is less than the size, and than the slide")
    if not 0 <= (config["allowed_lateness"] or 0.0) < size:
        yield Problem(("allowed_lateness",), "wrong_value", "the allowed lateness is less than the size")


_MOST_OVERLAPS: Final = 1000

SYSTEM_WINDOW: Final = ComponentSpec(
    Kind.BUFFER,
    "system_window",
    "Puts the messages of a window of time together to one batch.",
    _build,
    fields=(
        Field(
            "timestamp_mapping",
            FieldType.BLOBLANG,
            "Makes the time of a message: RFC 3339, or Unix seconds.",
            default="root = now()",
        ),
        Field("size", FieldType.DURATION, "How long a window is."),
        Field(
            "slide",
            FieldType.DURATION,
            "From the begin of a window to that of the next; empty: they do not overlap.",
            default="",
        ),
        Field("offset", FieldType.DURATION, "By how much windows begin later than the clock's.", default=""),
        Field(
            "allowed_lateness",
            FieldType.DURATION,
            "How long a window waits for messages after its end.",
            default="",
        ),
    ),
    description=(
        "Windows are aligned to the clock in UTC. Each message gets the metadata `window_end_timestamp`; one that is in"
        " several windows is copied. A window is sent on when the clock says that it and `allowed_lateness` are over; a"
        " message that comes later is dropped, and counted as an error of the buffer. One whose time cannot be worked"
        f" out fails. Nothing is acknowledged before the output has the window: a crash or a stop loses nothing."
        f" Of windows that hold more than {MOST_BYTES >> 20} MiB the first is sent on in parts."
    ),
    check=_check,
    examples=({"size": "1h"}, {"timestamp_mapping": "root = this.at", "size": "1m", "slide": "10s"}),
)
