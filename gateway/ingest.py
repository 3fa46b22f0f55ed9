"""Messages in by POST and WebSocket: a request is answered when its stream's output has what it brought."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from gateway.call import Call
from gateway.caller_variables import caller_variables
from gateway.deadlines import Deadlines
from gateway.ingest_answer import EMPTY, Answer
from gateway.ingest_pipeline import IngestPipeline, Intake, not_ready
from gateway.ingest_refusal import CLOSE, IngestRefusedError, messages_limited
from gateway.ingest_websocket import IngestSocket
from gateway.problems import problem
from gateway.reading import takes_requests
from gateway.request_body import Body, CallerLeftError, HeldBytes, check_headers, discard, unfinished
from gateway.request_messages import (
    MAX_PARAMETERS,
    keyed_identity,
    make_messages,
    own_identity,
    request_metadata,
    split_body,
)
from gateway.routes import ActiveApi
from gateway.withheld import Withheld, withheld_by
from streams.errors import SluiceError
from streams.message import Message, Request
from streams.supervisor import ActiveStream, Key

logger = logging.getLogger(__name__)

_FORM: Final = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What a process takes at a time."""

    body_bytes: int = 1_048_576
    """Of one request's body, or one WebSocket frame."""
    body_seconds: float = 30.0
    """How long a body may take to arrive."""
    held_bytes: int = 67_108_864
    """Of all bodies together."""
    waiting: int = 1_000
    """Requests of one stream that wait for its output."""
    first_try_seconds: float = 5.0
    """How long a request waits for an output that is being connected for the first time."""


class Ingest:
    """Runs the streams that begin with an `http_server` input, in this process, and answers their callers."""

    def __init__(self, services: Mapping[type, object], limits: IngestLimits | None = None) -> None:
        """services: what components may ask their BuildContext for, besides their Connections.

        It lives on the event loop it is made on.
        """
        self._services = services
        self._limits = limits or IngestLimits()
        self._deadlines = Deadlines()
        self._held = HeldBytes(self._limits.held_bytes)
        self._pipelines: dict[Key, IngestPipeline] = {}
        self._withheld: dict[int, Withheld] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Nothing is run before it is known what is active."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Serve exactly these. What is unchanged goes on; what is changed or gone finishes its requests."""
        self._withheld = {api.definition_id: withheld_by(api) for api in apis}
        wanted = {active.key: active for api in apis for active in _called_streams(api)}
        for key, pipeline in list(self._pipelines.items()):
            if key not in wanted or not pipeline.active.runs_as(wanted[key]):
                self._close(key)
        for key, active in wanted.items():
            if key not in self._pipelines:
                self._open(key, active)

    async def request(self, call: Call) -> None:
        """Answer one request to a `path`."""
        body = Body(self._held)
        try:
            answer = await self._answer(call, body)
        except CallerLeftError:
            call.meter.error("client_left")
        except IngestRefusedError as refusal:
            call.meter.error(refusal.code)
            await _refuse(call, refusal)
        else:
            start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
            await call.send(start)
            await call.send({"type": "http.response.body", "body": answer.body})
        finally:
            body.release()

    async def websocket(self, call: Call) -> None:
        """Serve one WebSocket at a `ws_path`."""
        find = lambda: self._find(call)  # noqa: E731
        await IngestSocket(call, find, self._limits.body_bytes, self._withheld_from(call)).serve()

    async def stop(self) -> None:
        """Take nothing more, finish what was begun, and close all outputs."""
        for key in list(self._pipelines):
            self._close(key)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _answer(self, call: Call, body: Body) -> Answer:
        """Read, then process and write, each in its time."""
        pipeline = self._pipelines.get(_key(call))
        if pipeline is not None and pipeline.is_being_tried:
            await self._first_try(pipeline)
        pipeline, intake = self._find(call)
        _check_method(call.scope["method"], intake.verbs)
        check_headers(call.headers, self._limits.body_bytes)
        reading = True
        try:
            with self._deadlines.within(self._limits.body_seconds) as deadline:
                content = await body.read(call.receive, self._limits.body_bytes)
                reading = False
                if not pipeline.is_open:
                    # While the body came, the stream has changed: what it was has let go of its output.
                    pipeline, intake = self._find(call)
                deadline.restart(intake.timeout)
                messages, request = self._messages(call, pipeline, intake, content)
                if seconds := call.budget.take_messages(len(messages)):
                    await _wait(call, seconds, intake.timeout)
                pipeline.enter()
                try:
                    await pipeline.accept(intake, messages)
                finally:
                    pipeline.leave()
        except TimeoutError:
            raise _timed_out(reading=reading) from None
        call.meter.messages(len(messages), len(content))
        responses = request.responses if request is not None else None
        return intake.answer.answer(responses) if intake.answer is not None and responses else EMPTY

    def _messages(
        self, call: Call, pipeline: IngestPipeline, intake: Intake, content: bytes
    ) -> tuple[list[Message], Request | None]:
        headers = call.headers
        content_type = headers.get(b"content-type", b"")
        contents = split_body(content_type, content)
        withheld = self._withheld_from(call)
        route, caller = call.route, call.caller
        metadata = request_metadata(call.scope, route.path, route.parameters, caller.address, withheld)
        request = None
        if pipeline.variables or intake.answer is not None:
            form = _form(content_type, content) if pipeline.variables else {}
            variables = caller_variables(pipeline.variables, call.scope, caller, withheld, form)
            request = Request(variables, [])
        sent_as = headers.get(b"idempotency-key") or headers.get(b"webhook-id")
        identity = own_identity() if sent_as is None else keyed_identity(sent_as, _identified(call))
        return make_messages(contents, metadata, identity, intake.stage, request), request

    async def _first_try(self, pipeline: IngestPipeline) -> None:
        """Wait for a stream that was activated a moment ago: that is worth its callers' while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.first_try_seconds):
                await pipeline.tried()

    def _withheld_from(self, call: Call) -> Withheld:
        return self._withheld.get(call.route.api.definition_id) or withheld_by(call.route.api)

    def _find(self, call: Call) -> tuple[IngestPipeline, Intake]:
        """The pipeline as it is now, whatever revision routed the call. Raises IngestRefusedError."""
        pipeline, component = self._pipelines.get(_key(call)), call.route.component
        if pipeline is None or component is None:
            raise not_ready()
        return pipeline, pipeline.intake(component.pointer)

    def _open(self, key: Key, active: ActiveStream) -> None:
        try:
            self._pipelines[key] = IngestPipeline(active, self._services, self._limits.waiting)
        except SluiceError as error:
            # Its callers are told that it is not ready; a new revision or connection may mend it.
            logger.warning("stream %s/%s cannot be run: %s", active.identity.definition_name, key[1], error)
        except Exception:
            # One that fails by a fault of its own must not keep those of others from being run.
            logger.exception("stream %s/%s cannot be run", active.identity.definition_name, key[1])

    def _close(self, key: Key) -> None:
        task = asyncio.create_task(self._pipelines.pop(key).close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _key(call: Call) -> Key:
    """Which pipeline serves a call."""
    stream = call.route.stream
    return call.route.api.definition_id, stream.name if stream is not None else ""


def _called_streams(api: ActiveApi) -> list[ActiveStream]:
    return [api.active(name) for name, stream in api.streams.items() if takes_requests(stream)]


def _check_method(method: str, verbs: Sequence[str]) -> None:
    """Raise IngestRefusedError for a method that the stream does not take."""
    if method not in verbs:
        allow = ((b"allow", ", ".join(verbs).encode()),)
        raise IngestRefusedError(405, "method_not_allowed", f"{method} is not taken here", allow, unread=True)


async def _wait(call: Call, seconds: float, patience: float) -> None:
    """Wait as the caller's budget has it. Raises IngestRefusedError where that is longer than the request may take."""
    if seconds >= patience:
        raise messages_limited(call.budget.messages_refused(seconds))
    await asyncio.sleep(seconds)


def _timed_out(*, reading: bool) -> IngestRefusedError:
    if reading:
        return IngestRefusedError(408, "body_timeout", "the body took too long. Nothing was accepted", CLOSE)
    message = "the stream's output did not answer in time. What was sent may still be accepted"
    return IngestRefusedError(408, "output_timeout", message)


def _form(content_type: bytes, content: bytes) -> dict[str, str]:
    """Fields of a form, the first of each name."""
    if content_type.partition(b";")[0].strip().lower() != _FORM:
        return {}
    try:
        pairs = parse_qsl(content.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _identified(call: Call) -> str:
    """Within whom an idempotency key counts."""
    return call.caller.budget_key if call.caller.app_id is None else f"app/{call.caller.app_id}"


async def _refuse(call: Call, refusal: IngestRefusedError) -> None:
    title, detail = HTTPStatus(refusal.status).phrase, refusal.detail
    send = unfinished(call.send) if refusal.unread else call.send
    await problem(send, refusal.status, title, detail, headers=refusal.headers, code=refusal.code)
    if refusal.unread:
        await discard(call.receive)
        await call.send({"type": "http.response.body", "body": b""})
