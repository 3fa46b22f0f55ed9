"""A WebSocket at a `ws_path`: each frame is a message, taken one after the other.

A frame that is not taken is answered by a text frame with a problem (RFC 9457) as JSON: `status`, `title`, `detail`
and `code` are those a POST would have got, `retry_after` its `Retry-After` in seconds. The socket stays open. What
`sync_response` gives back comes as text frames, the welcome and the notice of a limit as binary ones, as in Bento.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import orjson

from gateway.call import Call
from gateway.caller_variables import caller_variables
from gateway.client import CloseReason
from gateway.ingest_pipeline import IngestPipeline, Intake
from gateway.ingest_refusal import IngestRefusedError, messages_limited
from gateway.problems import answering, problem
from gateway.request_messages import handshake_metadata, make_messages, own_identity
from gateway.withheld import Withheld
from streams.message import Message, Request

_LAST_FRAME_SECONDS: Final = 10.0
"""How long the frame that is being taken may hold up the end of its WebSocket."""
_LONGEST_PAUSE: Final = 60.0
"""Seconds a frame may have to wait for its plan; when it is longer, as for a new quota, it is not taken."""
_TOO_LARGE: Final = 1009
"""RFC 6455 section 7.4.1."""


class IngestSocket:
    """One WebSocket, from its handshake to its end."""

    def __init__(
        self,
        call: Call,
        find: Callable[[], tuple[IngestPipeline, Intake]],
        largest: int,
        withheld: Withheld,
    ) -> None:
        """find: the pipeline as it is at the moment; largest: bytes of a frame."""
        self._call = call
        self._find = find
        self._largest = largest
        self._withheld = withheld
        self._frame = asyncio.Lock()

    async def serve(self) -> None:
        """Take frames until either side ends it. A frame that was begun is finished."""
        call = self._call
        try:
            _, intake = self._find()
            metadata = handshake_metadata(call.scope, call.route.parameters, self._withheld)
        except IngestRefusedError as refusal:
            await self._refuse_handshake(refusal)
            return
        await call.send({"type": "websocket.accept"})
        if intake.welcome:
            await call.send({"type": "websocket.send", "bytes": intake.welcome.encode()})
        await self._until_ended(asyncio.create_task(self._take_frames(metadata)))

    async def _refuse_handshake(self, refusal: IngestRefusedError) -> None:
        self._call.meter.error(refusal.code)
        send, title = answering(self._call.scope, self._call.send), HTTPStatus(refusal.status).phrase
        await problem(send, refusal.status, title, refusal.detail, headers=refusal.headers, code=refusal.code)
        self._end(CloseReason.FAILED)

    async def _until_ended(self, taking: asyncio.Task[None]) -> None:
        client = self._call.client
        if client is None:
            await taking
            return
        try:
            await asyncio.wait((taking, client.ending), return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                taking.result()
                return
            # Waiting its turn lets the frame that is being taken be answered.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_FRAME_SECONDS), self._frame:
                    taking.cancel()
            await self._close(client.ending.result())
        finally:
            taking.cancel()

    async def _close(self, reason: CloseReason) -> None:
        await self._call.send(
            {"type": "websocket.close", "code": reason.websocket_code, "reason": reason.value}
        )

    async def _take_frames(self, metadata: dict[str, str]) -> None:
        call = self._call
        while True:
            event = await call.receive()
            if event["type"] == "websocket.disconnect":
                self._end(CloseReason.LEFT)
                return
            if event["type"] != "websocket.receive":
                continue
            content = event.get("bytes")
            if content is None:
                content = event["text"].encode()
            if len(content) > self._largest:
                call.meter.error("too_large")
                await call.send({"type": "websocket.close", "code": _TOO_LARGE, "reason": "too_large"})
                self._end(CloseReason.FAILED)
                return
            await self._take(content, metadata)

    async def _take(self, content: bytes, metadata: dict[str, str]) -> None:
        """Bring one frame in and say what is to be said of it."""
        call = self._call
        try:
            pipeline, intake = self._find()
            await self._keep_budget(intake)
            async with self._frame:
                responses = await self._accept(pipeline, intake, content, metadata)
                call.meter.messages(1, len(content))
                for response in responses:
                    text = response.content.decode(errors="replace")
                    await call.send({"type": "websocket.send", "text": text})
        except IngestRefusedError as refusal:
            call.meter.error(refusal.code)
            await call.send({"type": "websocket.send", "text": _problem(refusal)})

    async def _keep_budget(self, intake: Intake) -> None:
        seconds = self._call.budget.take_messages(1)
        if seconds > _LONGEST_PAUSE:
            raise messages_limited(self._call.budget.messages_refused(seconds))
        if seconds:
            if intake.limited:
                await self._call.send({"type": "websocket.send", "bytes": intake.limited.encode()})
            await asyncio.sleep(seconds)

    async def _accept(
        self, pipeline: IngestPipeline, intake: Intake, content: bytes, metadata: dict[str, str]
    ) -> list[Message]:
        call = self._call
        variables = caller_variables(pipeline.variables, call.scope, call.caller, self._withheld)
        responses: list[Message] = []
        request = Request(variables, responses)
        messages = make_messages([content], dict(metadata), own_identity(), intake.stage, request)
        pipeline.enter()
        try:
            async with asyncio.timeout(intake.timeout):
                await pipeline.accept(intake, messages)
        except TimeoutError:
            message = "the stream's output did not answer in time. What was sent may still be accepted"
            raise IngestRefusedError(408, "output_timeout", message) from None
        finally:
            pipeline.leave()
        return responses

    def _end(self, reason: CloseReason) -> None:
        if self._call.client is not None:
            self._call.client.end(reason)


def _problem(refusal: IngestRefusedError) -> str:
    title = HTTPStatus(refusal.status).phrase
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": refusal.status}
    body |= {"detail": refusal.detail, "code": refusal.code}
    if seconds := dict(refusal.headers).get(b"retry-after"):
        body["retry_after"] = int(seconds)
    return orjson.dumps(body).decode()
