"""The synchronous side of an API: what no stream claims goes to `upstream.url`, streamed both ways.

Addresses are vetted where the socket is opened. What is held of a body is what the two connections' buffers hold: a
side that does not read holds the other one back, and one that does nothing for too long ends the call.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from gateway.call import Call
from gateway.problems import answering, problem
from gateway.protocol import Receive
from gateway.routes import ActiveApi
from gateway.server_flow import abort
from gateway.upstream_headers import (
    Hop,
    body_length,
    has_looped,
    is_chunked,
    request_headers,
    response_headers,
)
from gateway.upstream_target import RequestRefusedError, upstream_target
from streams.guarded_connector import guarded_connector, silence_timeout
from streams.outbound import Guard, OutboundError, check_url

logger = logging.getLogger(__name__)

PER_HOST: Final = 256
"""Calls to one upstream at a time in this process; more wait to be connected."""
_LONGEST_HEADER: Final = 65_536
_NOT_PASSED_ON: Final = frozenset({"CONNECT", "TRACE"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a side may do nothing, in seconds."""

    connect: float = 10.0
    """Until the upstream is connected, TLS included."""
    upstream: float = 60.0
    """Between two signs of life: it takes the request, begins to answer, goes on answering."""
    caller: float = 60.0
    """Sending the next part of a request, taking the next part of a response."""


class CallerSlowError(Exception):
    """The caller did nothing for too long."""


class Upstream:
    """Passes requests on."""

    def __init__(
        self, guard: Guard, portal_cookies: Collection[str] = (), patience: Patience | None = None
    ) -> None:
        """portal_cookies: names of cookies that are the portal's alone."""
        self._guard = guard
        self._hop = Hop(f"sluice-{secrets.token_hex(8)}", frozenset(portal_cookies))
        self._patience = patience or Patience()
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make the pool of connections."""
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(self._guard, per_host=PER_HOST),
            timeout=silence_timeout(self._patience.connect, self._patience.upstream),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Nothing to keep: each request names its upstream."""

    async def stop(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def request(self, call: Call) -> None:
        """Answer one request with what the upstream answers, or say why not."""
        if call.scope["type"] != "http":
            send = answering(call.scope, call.send)
            await problem(
                send, 404, "Not Found", "No WebSocket of this API is at this path.", code="not_found"
            )
        elif not call.route.api.upstream_url:
            detail = "No stream of this API has this path, and it has no upstream."
            await problem(call.send, 404, "Not Found", detail, code="not_found")
        elif has_looped(call.scope["headers"], self._hop):
            detail = "The request has been here before: the upstream leads back to this gateway."
            await problem(call.send, 508, "Loop Detected", detail, code="loop_detected")
        elif call.scope["method"] in _NOT_PASSED_ON:
            detail = f"{call.scope['method']} is not passed on."
            await problem(call.send, 405, "Method Not Allowed", detail, code="method_refused")
        else:
            await self._answered(call)

    async def _answered(self, call: Call) -> None:
        """Pass the request on; what fails before the upstream has answered is a problem for the caller to read."""
        try:
            await self._passed_on(call)
        except RequestRefusedError as error:
            await problem(call.send, 400, "Bad Request", str(error), code="request_refused")
        except CallerSlowError:
            detail = "The request was not sent to its end in time."
            await problem(call.send, 408, "Request Timeout", detail, code="request_timeout")
        except OutboundError as error:
            self._note(call, "upstream_refused", error.detail)
            detail = f"The upstream cannot be called: {error}."
            await problem(call.send, 502, "Bad Gateway", detail, code="upstream_refused")
        except TimeoutError as error:
            self._note(call, "upstream_timeout", str(error))
            detail = "The upstream did not answer in time."
            await problem(call.send, 504, "Gateway Timeout", detail, code="upstream_timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._note(call, "upstream_failed", repr(error))
            detail = "The upstream could not be reached, hung up, or did not answer in HTTP."
            await problem(call.send, 502, "Bad Gateway", detail, code="upstream_failed")

    async def _passed_on(self, call: Call) -> None:
        headers: Sequence[tuple[bytes, bytes]] = call.scope["headers"]
        body = _Body(call.receive, awaited=is_chunked(headers) or bool(body_length(headers)))
        await _unless(body.caller_left(), self._exchange(call, body))

    async def _exchange(self, call: Call, body: "_Body") -> None:
        """Ask and relay. Raises what went wrong before the answer began; after that the response is broken off."""
        assert self._session is not None  # noqa: S101 - started first
        api = call.route.api
        base = check_url(api.upstream_url)
        target = upstream_target(base, api, call.scope)
        headers = request_headers(call.scope, api, self._hop, call.caller.address)
        await self._guard.resolve(base.host)  # for kept connections, and addresses that need no resolver
        waiting = _Waiting(self._patience)
        async with waiting:
            response = await self._session.request(
                call.scope["method"],
                URL(f"{base.scheme}://{base.authority}{target}", encoded=True),
                headers=[(name.decode("latin-1"), _text(value)) for name, value in headers],
                data=body.chunks(waiting) if body.awaited else None,
                allow_redirects=False,
            )
        async with response:
            await self._relay(call, response)

    async def _relay(self, call: Call, response: aiohttp.ClientResponse) -> None:
        headers = response_headers(response.raw_headers, self._hop)
        await call.send({"type": "http.response.start", "status": response.status, "headers": headers})
        size = 0
        try:
            async for chunk in response.content.iter_any():
                size += len(chunk)
                async with asyncio.timeout(self._patience.caller):
                    await call.send({"type": "http.response.body", "body": chunk, "more_body": True})
        except aiohttp.ClientError as error:
            self._note(call, "upstream_broke_off", repr(error))
            abort(call.send)  # or the caller would take a part for the whole
        except OSError as error:  # TimeoutError is one
            self._note(call, "caller_stalled", repr(error))
            abort(call.send)
        else:
            await call.send({"type": "http.response.body", "body": b""})
        finally:
            call.meter.messages(0, size)

    def _note(self, call: Call, kind: str, detail: str) -> None:
        """Count a failure, and tell the operator what the caller is not told."""
        call.meter.error(kind)
        logger.info("upstream of definition %d: %s: %s", call.route.api.definition_id, kind, detail)


class _Waiting:
    """Bounds the way to the beginning of an answer, during which now the caller and now the upstream is waited for."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._timeout = asyncio.timeout(None)
        self._for_caller = False
        self._over = False

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self.for_upstream()

    async def __aexit__(self, *raised: Any) -> None:
        """Raises TimeoutError when the upstream, CallerSlowError when the caller was waited for too long."""
        self._over = True
        try:
            await self._timeout.__aexit__(*raised)
        except TimeoutError as error:
            if self._for_caller:
                raise CallerSlowError from error
            raise

    def for_caller(self) -> None:
        """It is the caller's turn to send."""
        self._turn(self._patience.caller, for_caller=True)

    def for_upstream(self) -> None:
        """It is the upstream's turn to take, or to answer."""
        self._turn(self._patience.connect + self._patience.upstream, for_caller=False)

    def _turn(self, seconds: float, *, for_caller: bool) -> None:
        if not self._over:  # an answer may begin before the request has ended
            self._for_caller = for_caller
            self._timeout.reschedule(asyncio.get_running_loop().time() + seconds)


class _Body:
    """A request's body on its way, and the news that its caller has left, which come by the same `receive`."""

    def __init__(self, receive: Receive, *, awaited: bool) -> None:
        """awaited: the request has a body."""
        self.awaited = awaited
        self._receive = receive
        self._left = False
        self._read = asyncio.Event()
        if not awaited:
            self._read.set()

    async def chunks(self, waiting: _Waiting) -> AsyncIterator[bytes]:
        """The body as it comes. Raises ConnectionResetError when the caller leaves before its end."""
        more = True
        while more:
            waiting.for_caller()
            event = await self._receive()
            waiting.for_upstream()
            if event["type"] == "http.disconnect":
                self._left = True
                self._read.set()
                raise ConnectionResetError("the caller has left")
            more = event.get("more_body", False)
            if chunk := event.get("body", b""):
                yield chunk
        self._read.set()

    async def caller_left(self) -> None:
        """Return when the caller has closed its connection."""
        await self._read.wait()
        while not self._left:
            self._left = (await self._receive())["type"] == "http.disconnect"


async def _unless(left: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Work, unless the caller leaves meanwhile. Raises what the work raises."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(left)
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        finished = working.done()
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
    if finished:
        working.result()


def _text(value: bytes) -> str:
    """A header's value for a client that writes UTF-8. Raises RequestRefusedError."""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RequestRefusedError("A header is not in UTF-8.") from error
