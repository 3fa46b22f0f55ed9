"""One synchronous HTTP call at a time through the outbound guard: tests of endpoints, key sets of issuers.

`requests` makes the call; what it leaves open is closed here. It would connect to a name (so the vetted
address is pinned under it), follow redirects, read proxies and passwords from the environment, bound each
wait on the socket but not the call, and read a body of any size.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from streams.outbound import Guard, OutboundError, check_url
from streams.tls import client_context

CALL_SECONDS = 10.0
BODY_BYTES = 64 * 1024


class CallError(OutboundError):
    """The call came to no whole answer. The message may be shown; `detail` is for the operator."""


class CallTimeoutError(CallError):
    """The call did not end within its time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    """Any: redirects are not followed."""
    headers: Mapping[str, str]
    """Found in any case."""
    body: bytes
    """Decompressed, and cut at the limit."""
    truncated: bool
    """There was more than `body` holds."""


class GuardedSession:
    """Makes calls, each over a connection of its own, to an address the guard vetted for it.

    seconds: for a whole call, from the resolver to the last byte. body_bytes: the most of a body,
    decompressed.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        seconds: float = CALL_SECONDS,
        body_bytes: int = BODY_BYTES,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._seconds = seconds
        self._body_bytes = body_bytes
        self._context = context or client_context()

    def call(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Make one call. Raises UrlError, HostError, CallTimeoutError, CallError."""
        host = check_url(url).host
        with _Deadline(self._seconds) as deadline, requests.Session() as session:
            session.trust_env = False
            session.mount("http://", _PinningAdapter(self._guard, host, deadline, self._context))
            session.mount("https://", _PinningAdapter(self._guard, host, deadline, self._context))
            try:
                response = session.request(
                    method,
                    url,
                    headers=dict(headers or {}),
                    data=body,
                    allow_redirects=False,
                    stream=True,
                    timeout=self._seconds,
                )
                answer = self._answer(response)
                # To the parser a cut connection can look like the end of headers or body.
                deadline.left()
            except (requests.RequestException, HTTPError, OSError) as error:
                raise _failure(error, deadline) from error
        return answer

    def _answer(self, response: requests.Response) -> Answer:
        raw: BaseHTTPResponse = response.raw
        body = raw.read(self._body_bytes + 1, decode_content=True)
        return Answer(
            response.status_code,
            CaseInsensitiveDict(response.headers),
            body[: self._body_bytes],
            len(body) > self._body_bytes,
        )


class _Deadline:
    """Ends a call by shutting its connection down, whatever is being waited for on it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self.passed = False

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection when the time is over; by a copy, since TLS takes the socket itself over."""
        with self._lock:
            self._watched = connected.dup()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._watched is not None:
                # A peer that has gone already has cut it itself.
                _shut_down(self._watched)

    def __enter__(self) -> _Deadline:
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._watched is not None:
                self._watched.close()
                self._watched = None


class _Pinned:
    """Makes a connection of urllib3 go to a vetted address; Host, SNI and certificate stay the name's."""

    def __init__(self, *args: Any, connect: _Connect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connect = connect

    def _new_conn(self) -> socket.socket:
        return self._connect(self.port)  # type: ignore[attr-defined]  # urllib3's, beside this one


class _PinnedHttp(_Pinned, HTTPConnection):
    pass


class _PinnedHttps(_Pinned, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _PinnedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedHttps


@dataclass(frozen=True, slots=True)
class _Connect:
    """Resolves, vets and connects, within the deadline."""

    guard: Guard
    host: str
    deadline: _Deadline

    def __call__(self, port: int) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in self.guard.vet(self.host, self.deadline.left()):
            try:
                connected = socket.create_connection((address, port), self.deadline.left())
            except OSError as error:
                failure = error
            else:
                self.deadline.watch(connected)
                return connected
        raise failure


class _PinningAdapter(HTTPAdapter):
    """The adapter of one call to one host."""

    def __init__(self, guard: Guard, host: str, deadline: _Deadline, context: ssl.SSLContext) -> None:
        self._connect = _Connect(guard, host, deadline)
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:
        pool: ConnectionPool = super().get_connection_with_tls_context(*args, **kwargs)
        if isinstance(pool, HTTPConnectionPool):
            pool.conn_kw["connect"] = self._connect
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave it to the context, which checks certificates; requests would add authorities to it."""


def _failure(error: Exception, deadline: _Deadline) -> CallError:
    if deadline.passed or isinstance(error, (requests.Timeout, TimeoutError)):
        return CallTimeoutError("the receiver did not answer in time", str(error))
    if isinstance(error, requests.exceptions.SSLError):
        return CallError(
            "no trusted TLS connection could be made: check certificate, chain and name", str(error)
        )
    if isinstance(error, requests.ConnectionError):
        return CallError("the receiver could not be connected to, or hung up", str(error))
    return CallError("the receiver's answer is not valid HTTP", str(error))


def _shut_down(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
