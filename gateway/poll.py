"""GET for one message: the next that is this caller's, or 408 when there is none in time.

As in Bento, messages that were made together come together, as parts of a `multipart/form-data` body. Of a stream
that everybody reads, the answer says in `Sluice-Cursor` where `?cursor=` goes on.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from gateway.broadcast import Broadcast
from gateway.call import Call
from gateway.client import CloseReason
from gateway.cursor import CursorError
from gateway.ingest_refusal import IngestRefusedError
from gateway.poll_source import Given, Header, LoggedMessage, PollSource, QueuedMessage
from gateway.problems import problem
from gateway.protocol import Receive
from gateway.reading import Delivery, delivery_of
from gateway.round_robin import RoundRobin
from gateway.streaming import refuse
from streams.errors import SluiceError

_RETRY: Final = (b"retry-after", b"1")
_OCTETS: Final = b"application/octet-stream"
_ENDED: Final[Mapping[CloseReason, tuple[int, str]]] = {
    CloseReason.REVOKED: (401, "the credential was revoked"),
    CloseReason.EXPIRED: (401, "the credential or the subscription has expired"),
    CloseReason.UNSUBSCRIBED: (403, "the subscription has ended"),
    CloseReason.LIMITED: (403, "the plan allows no more open streams"),
}
_CHANGED: Final = (503, "the stream is changing; ask again")


class Poll:
    """Answers requests for one message."""

    def __init__(self, round_robin: RoundRobin, broadcast: Broadcast) -> None:
        self._round_robin = round_robin
        self._broadcast = broadcast

    async def request(self, call: Call) -> None:
        """Answer one request."""
        stream, component = call.route.stream, call.route.component
        assert stream is not None and component is not None  # noqa: S101, PT018 - a route for polling has both
        shared = delivery_of(stream, component, call.route.api.dialect) is Delivery.BROADCAST
        await answer_from(
            call, LoggedMessage(call, self._broadcast) if shared else QueuedMessage(call, self._round_robin)
        )


async def answer_from(call: Call, source: PollSource) -> None:
    """Answer one request with what a source gives."""
    component = call.route.component
    assert component is not None  # noqa: S101 - a route for polling has the output
    verbs = component.config["allowed_verbs"]
    if call.scope["method"] not in verbs:
        allow = [(b"allow", ", ".join(verbs).encode())]
        await problem(call.send, 405, "Incorrect method", f"use {' or '.join(verbs)}", headers=allow)
    else:
        await _Answer(call, source, component.config["timeout"]).give()
    if call.client is not None:
        call.client.end(CloseReason.LEFT)


class _Answer:
    """One request while it waits for its message."""

    def __init__(self, call: Call, source: PollSource, patience: float) -> None:
        """patience: seconds the client waits."""
        self._call = call
        self._patience = patience
        self._source = source

    async def give(self) -> None:
        """Answer in time; what the client did not get is given back for the next."""
        gone = asyncio.create_task(disconnected(self._call.receive))
        reading = asyncio.create_task(self._next())
        events: list[asyncio.Future[Any]] = [reading, gone]
        if self._call.client is not None:
            events.append(self._call.client.ending)
        try:
            await asyncio.wait(events, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
            if not gone.done():
                await self._tell(reading)
        finally:
            gone.cancel()
            reading.cancel()
            await asyncio.gather(gone, reading, return_exceptions=True)
            await self._source.close()

    async def _next(self) -> Given | None:
        """Wait for messages, and then for the plan to allow them; None: the stream has ended."""
        given = await self._source.next()
        if given is not None and (seconds := self._call.budget.take_messages(len(given.contents))) > 0:
            await asyncio.sleep(seconds)
        return given

    async def _tell(self, reading: asyncio.Task[Given | None]) -> None:
        client = self._call.client
        if reading.done():
            await self._tell_read(reading)
        elif client is not None and client.ending.done():
            status, detail = _ENDED.get(client.ending.result(), _CHANGED)
            await self._refuse(status, detail, client.ending.result().value)
        else:
            await self._refuse(408, "Timed out waiting for message", "no_message")

    async def _tell_read(self, reading: asyncio.Task[Given | None]) -> None:
        try:
            given = reading.result()
        except (SluiceError, CursorError, IngestRefusedError) as error:
            await refuse(self._call, error)
            return
        if given is None:
            await self._refuse(*_CHANGED, CloseReason.CHANGED.value)
            return
        content_type, body = message_body(given.contents)
        await _write(self._call, content_type, body, given.headers)
        await self._source.handed_over()
        self._call.meter.messages(len(given.contents), len(body))

    async def _refuse(self, status: int, detail: str, code: str) -> None:
        headers = [*self._source.headers(), *([_RETRY] if status == 503 else [])]
        title = HTTPStatus(status).phrase
        await problem(self._call.send, status, title, detail, headers=headers, code=code)


async def disconnected(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def message_body(contents: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Content type and body of the messages that one request is answered with."""
    if len(contents) == 1:
        return _OCTETS, contents[0]
    boundary = secrets.token_hex(16).encode()
    parts = [b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (boundary, _OCTETS, content) for content in contents]
    return b"multipart/form-data; boundary=" + boundary, b"".join(parts) + b"--%b--\r\n" % boundary


async def _write(call: Call, content_type: bytes, body: bytes, more: Sequence[Header]) -> None:
    headers = [
        *more,
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await call.send({"type": "http.response.start", "status": 200, "headers": headers})
    await call.send({"type": "http.response.body", "body": body})
