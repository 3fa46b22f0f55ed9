"""One stream that begins with `http_server` inputs, at work: what a request brings goes through it to its output.

The order of steps, and the crash each survives:

1. A request is read. A crash drops it, and its sender, who has no answer, sends it again.
2. It is processed. In dialect `sluice` a message that fails refuses the whole request: its sender is there to be
   told, so that nothing goes to quarantine. In dialect `tyk` it goes on, flagged, as in Bento.
3. All messages go to the output at once. A crash after that, before the answer, leaves them accepted: who sends again
   with the same `Idempotency-Key` gives them the same identity.
4. The request is answered.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.ingest_answer import SyncAnswer
from gateway.ingest_refusal import RETRY_SOON, IngestRefusedError, output_failed, processing_failed
from streams.connections import Connections
from streams.errors import OutputError, SluiceError
from streams.kafka.producer import WhenFull
from streams.message import Message
from streams.processed import build_output
from streams.spec import BuildContext, Component, Kind, Output, children, may_answer
from streams.stages import Stage, build_stages, run_stages
from streams.statistics import Statistics
from streams.stopping import StopSignal
from streams.supervisor import ActiveStream
from streams.variables import variables_of

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.5
"""Seconds before an output that cannot be reached is tried again; each time twice as long."""
LONGEST_PAUSE: Final = 10.0
HTTP_SERVER: Final = "http_server"


class State(Enum):
    """How a pipeline stands. It moves downwards only."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Intake:
    """One `http_server` input of a stream, and the way from it to the output."""

    stage: str
    verbs: tuple[str, ...]
    timeout: float
    """Seconds a request waits for the output."""
    welcome: str
    limited: str
    answer: SyncAnswer | None
    """None: nothing is ever given back."""
    stages: tuple[Stage, ...]


class IngestPipeline:
    """A stream's stages and output, kept while its definition is the same."""

    def __init__(self, active: ActiveStream, services: Mapping[type, object], most_waiting: int) -> None:
        """most_waiting: requests that may be in it at a time. Raises SluiceError when it cannot be built."""
        self.active = active
        self.variables = variables_of(active.stream)
        self.statistics = Statistics()
        self._most_waiting = most_waiting
        self._waiting = 0
        self._state = State.CONNECTING
        self._stopping = StopSignal()
        self._idle = asyncio.Event()
        """Set when the last has left that was waiting when it was closed."""
        own: dict[type, object] = {
            Connections: active.connections,
            Statistics: self.statistics,
            StopSignal: self._stopping,
            WhenFull: WhenFull.REFUSE,
        }
        context = BuildContext(active.identity, {**services, **own})
        self._context = context
        self._output: Output = build_output(active.stream.output, context)
        self._sent = self.statistics.stage(active.stream.output.stage)
        self._fails_closed = active.identity.dialect != "tyk"
        self._intakes = dict(_intakes(active, context))
        self._tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the first attempt to connect has come to its end, either way."""
        self._connecting = asyncio.create_task(self._connect())

    @property
    def is_being_tried(self) -> bool:
        """The output is about to be connected for the first time."""
        return self._state is State.CONNECTING and not self._tried.done()

    @property
    def is_open(self) -> bool:
        """Its output is connected, and it was not closed."""
        return self._state is State.OPEN

    async def tried(self) -> None:
        """Return when the first attempt to connect the output has come to its end."""
        await asyncio.shield(self._tried)

    def intake(self, pointer: str) -> Intake:
        """The input at a place of the stream, once its output is connected. Raises IngestRefusedError."""
        found = self._intakes.get(pointer)
        if found is None or self._state is not State.OPEN:
            raise not_ready()
        return found

    def enter(self) -> None:
        """Take a place among those that wait for the output; `leave` gives it back. Raises IngestRefusedError."""
        if self._state is not State.OPEN:
            raise not_ready()
        if self._waiting >= self._most_waiting:
            raise IngestRefusedError(
                503, "busy", "too many requests wait for this stream's output", RETRY_SOON
            )
        self._waiting += 1

    def leave(self) -> None:
        """Give the place back."""
        self._waiting -= 1
        if not self._waiting and self._state is State.CLOSING:
            self._idle.set()

    async def accept(self, intake: Intake, messages: list[Message]) -> None:
        """Process and write what one request brought; all is safe on return. Raises IngestRefusedError."""
        made = messages
        if intake.stages:
            made = await run_stages(intake.stages, messages, grouped=True)
            if self._fails_closed:
                _refuse_failed(made)
        if not made:
            return
        self._sent.received += len(made)
        try:
            await self._output.write(made)
        except OutputError as error:
            self._sent.failed(len(made), str(error))
            raise output_failed(error, len(made)) from error
        except Exception as error:
            logger.exception("stream %s: the output failed by a fault of its own", self._name)
            self._sent.failed(len(made), repr(error))
            raise IngestRefusedError(502, "output_failed", "the stream's output failed") from error
        self._sent.sent += len(made)

    async def close(self) -> None:
        """Take nothing more; return when what was begun has ended, or its time is up, and the output is closed."""
        self._state = State.CLOSING
        self._connecting.cancel()
        self._end_first_try()
        if self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.active.stream.shutdown_timeout):
                    await self._idle.wait()
        self._stopping.set()
        with suppress(SluiceError):
            await self._output.close()
        await self._context.close_resources()

    @property
    def _name(self) -> str:
        return f"{self.active.identity.definition_name}/{self.active.identity.stream_name}"

    async def _connect(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._output.connect()
            except SluiceError as error:
                logger.warning("stream %s: its output cannot be reached: %s", self._name, error)
            except Exception:
                logger.exception("stream %s: its output cannot be connected", self._name)
            else:
                self._state = State.OPEN
                return
            finally:
                self._end_first_try()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _end_first_try(self) -> None:
        if not self._tried.done():
            self._tried.set_result(None)


def not_ready() -> IngestRefusedError:
    """The refusal of what comes before a stream's output is connected, or after it was let go of."""
    return IngestRefusedError(
        503, "not_ready", "this stream's output is not connected at present", RETRY_SOON
    )


def _refuse_failed(messages: list[Message]) -> None:
    for message in messages:
        if message.error is not None:
            raise processing_failed(message.error)


def _intakes(active: ActiveStream, context: BuildContext) -> Iterator[tuple[str, Intake]]:
    """Each `http_server` input by its pointer. Processors of an input run first, then those of brokers around it."""
    stream = active.stream
    answers = any(map(may_answer, stream.components()))
    after = build_stages(stream.processors, context)
    for component, stages in _inputs(stream.input, after, context):
        config = component.config
        yield (
            component.pointer,
            Intake(
                component.stage,
                tuple(config["allowed_verbs"]),
                config["timeout"],
                config["ws_welcome_message"],
                config["ws_rate_limit_message"],
                SyncAnswer(config["sync_response"]) if answers else None,
                stages,
            ),
        )


def _inputs(
    component: Component, after: tuple[Stage, ...], context: BuildContext
) -> Iterator[tuple[Component, tuple[Stage, ...]]]:
    stages = (*build_stages(component.processors, context), *after)
    if component.spec.name == HTTP_SERVER:
        yield component, stages
    for child in children(component, Kind.INPUT):
        yield from _inputs(child, stages, context)
