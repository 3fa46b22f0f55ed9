"""The synchronous side of an API: what no stream claims goes to `upstream.url`, streamed both ways.

Names and addresses are vetted where the socket is opened: the connector asks the outbound guard, and connects to what
that answers. Hop-by-hop headers (RFC 9110 section 7.6.1), the caller's API key and the portal's cookies stay here.
"""

import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final
from urllib.parse import quote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.authentication import key_headers
from gateway.call import Call
from gateway.problems import problem
from gateway.protocol import Receive, Scope
from gateway.routes import ActiveApi
from gateway.server_flow import abort
from streams.openapi import KeyPlaces
from streams.outbound import Guard, OutboundError, check_url

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
"""How long an upstream may be silent."""
_CHUNK: Final = 65_536
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OURS: Final = frozenset(
    {b"host", b"content-length", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}
)

Headers = list[tuple[bytes, bytes]]


class Upstream:
    """Passes requests on."""

    def __init__(self, guard: Guard, portal_cookies: Iterable[str] = ()) -> None:
        """portal_cookies: names of cookies that are the portal's alone."""
        self._guard = guard
        self._portal_cookies = frozenset(portal_cookies)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make the connections' pool."""
        connector = aiohttp.TCPConnector(resolver=_GuardedResolver(self._guard), limit=0, limit_per_host=100)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Nothing to keep: each request names its upstream."""

    async def stop(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def request(self, call: Call) -> None:
        """Answer one request with what the upstream answers."""
        if not call.route.api.upstream_url or call.scope["type"] != "http":
            await problem(
                call.send, 404, "Not Found", "No stream of this API has this path.", code="not_found"
            )
            return
        try:
            await self._pass_on(call)
        except OutboundError as error:
            call.meter.error("upstream_refused")
            await problem(call.send, 502, "Bad Gateway", str(error), code="upstream_refused")
        except TimeoutError:
            call.meter.error("upstream_timeout")
            detail = "The upstream did not answer in time."
            await problem(call.send, 504, "Gateway Timeout", detail, code="upstream_timeout")
        except (aiohttp.ClientError, OSError) as error:
            call.meter.error("upstream_failed")
            detail = f"The upstream cannot be reached: {type(error).__name__}."
            await problem(call.send, 502, "Bad Gateway", detail, code="upstream_failed")

    async def _pass_on(self, call: Call) -> None:
        """Raises what the client raises before the upstream has answered; after that the response is broken off."""
        assert self._session is not None  # noqa: S101 - started first
        scope = call.scope
        url = upstream_url(call.route.api, call.route.path, scope["query_string"])
        destination = check_url(url)
        await self._guard.resolve(destination.host)  # an address in the URL is asked for by no resolver
        headers = forwarded_headers(scope, call.route.api.key_places, self._portal_cookies)
        async with self._session.request(
            scope["method"],
            url,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            data=_body(call.receive) if _has_body(scope) else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as response:
            await _answer(call, response)


class _GuardedResolver(AbstractResolver):
    """Resolves names as the guard allows."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - both are offered
    ) -> list[ResolveResult]:
        """Addresses a socket may be opened to. Raises HostError, which the client passes on as its own."""
        try:
            found = await self._guard.resolve(host)
        except OutboundError as error:
            raise OSError(str(error)) from error
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found.addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


def upstream_url(api: ActiveApi, path: str, query_string: bytes) -> str:
    """Where a request goes; path: the rest after the listen path, decoded."""
    kept = path if api.strip_listen_path else api.listen_path.rstrip("/") + path
    query = f"?{query_string.decode('latin-1')}" if query_string else ""
    return api.upstream_url.rstrip("/") + quote(kept, safe="/:@!$&'()*+,;=-._~") + query


def forwarded_headers(scope: Scope, places: KeyPlaces, portal_cookies: frozenset[str]) -> Headers:
    """What of a request's headers the upstream gets, and what is added."""
    keys = frozenset(key_headers(places))
    named = {
        part.strip().lower()
        for name, value in scope["headers"]
        if name == b"connection"
        for part in value.split(b",")
    }
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name not in _HOP_BY_HOP | _OURS | named and name not in keys
    ]
    cookies = [
        (name, _without(value, portal_cookies)) if name == b"cookie" else (name, value)
        for name, value in kept
    ]
    return [(name, value) for name, value in cookies if value or name != b"cookie"] + _about(scope)


def _about(scope: Scope) -> Headers:
    """Who called, how, and by which name."""
    client = scope.get("client")
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    about = [(b"x-forwarded-proto", scope.get("scheme", "http").encode()), (b"x-forwarded-host", host)]
    if client:
        about.append((b"x-forwarded-for", str(client[0]).encode()))
    length = next((value for name, value in scope["headers"] if name == b"content-length"), None)
    return about + ([(b"content-length", length)] if length is not None and not _is_chunked(scope) else [])


def _without(cookies: bytes, names: frozenset[str]) -> bytes:
    parts = [part.strip() for part in cookies.split(b";")]
    return b"; ".join(part for part in parts if part.partition(b"=")[0].decode("latin-1") not in names)


def _is_chunked(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


def _has_body(scope: Scope) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it comes. Raises ConnectionResetError when the caller has left."""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionResetError("the caller has left")
        if chunk := event.get("body", b""):
            yield chunk
        if not event.get("more_body", False):
            return


async def _answer(call: Call, response: aiohttp.ClientResponse) -> None:
    """Pass the response on; what breaks off at the upstream breaks off here too."""
    headers = [
        (name.lower(), value) for name, value in response.raw_headers if name.lower() not in _HOP_BY_HOP
    ]
    await call.send({"type": "http.response.start", "status": response.status, "headers": headers})
    size = 0
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            await call.send({"type": "http.response.body", "body": chunk, "more_body": True})
    except (aiohttp.ClientError, OSError, TimeoutError):
        call.meter.error("upstream_broke_off")
        abort(call.scope)
        return
    await call.send({"type": "http.response.body", "body": b""})
    call.meter.messages(1, size)
