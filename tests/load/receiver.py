"""The receiver: `python -m tests.load.receiver OPTIONS` (JSON) listens until SIGTERM.

Endpoints are paths of one port, `/e/<number>`, on as many loopback addresses as asked for. What comes is kept
in memory and read, and the receiver's manners changed, by requests to `/control/...` (see reception.py).

It shares the machine with what it measures: so it is a Protocol on uvloop, and where it only counts, the
parser need not tell it headers and body.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import httptools
import orjson
import uvloop
from standardwebhooks import Webhook, WebhookVerificationError

from tests.load.events import NUMBER_KEY, digest
from tests.load.tls import TlsConnection

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILURE = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Options:
    """How a receiver starts."""

    addresses: list[str]  # loopback addresses to listen on
    port: int
    control_port: int  # on 127.0.0.1, always plain http
    record: bool = True  # keep each request; else count only
    secrets: dict[str, str] = field(default_factory=dict)  # endpoint to whsec_..., to verify; else unverified
    fail_first_try_of_every: int = 0  # answer 500 to the first try of every so-manieth message; 0: of none
    certificate: str = ""  # PEM file with the chain, for https
    key: str = ""


@dataclass(slots=True)
class Manners:
    """How the endpoints answer now; changed while running."""

    hang: frozenset[int] = frozenset()  # endpoints that never answer
    delay_ms: float = 0.0  # before every answer of the others


class Reception:
    """What has come."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.manners = Manners()
        self.counts: Counter[int] = Counter()
        self.rows: list[tuple[Any, ...]] = []  # endpoint, webhook-id, number, digest, monotonic ns, status
        self._seen: set[tuple[int, str]] = set()
        self._fresh = 0
        self._webhooks = {int(name): Webhook(secret) for name, secret in options.secrets.items()}

    def status(self, endpoint: int, headers: dict[str, str], body: bytes) -> int:
        """Verify and keep one request; returns what to answer."""
        arrived = time.monotonic_ns()
        message_id = headers.get("webhook-id", "")
        status = self._judge(endpoint, message_id, headers, body)
        row = (endpoint, message_id, number_in(body), digest(body), arrived, status)
        self.rows.append(row)
        return status

    def _judge(self, endpoint: int, message_id: str, headers: dict[str, str], body: bytes) -> int:
        if endpoint in self.manners.hang:
            return 0
        if self._webhooks:
            try:
                self._webhooks[endpoint].verify(body, headers, json_parse=False)
            except (KeyError, WebhookVerificationError):
                return HTTPStatus.BAD_REQUEST
        return self._first_try(endpoint, message_id)

    def _first_try(self, endpoint: int, message_id: str) -> int:
        if not self.options.fail_first_try_of_every or (endpoint, message_id) in self._seen:
            return HTTPStatus.NO_CONTENT
        self._seen.add((endpoint, message_id))
        self._fresh += 1
        fails = self._fresh % self.options.fail_first_try_of_every == 0
        return HTTPStatus.INTERNAL_SERVER_ERROR if fails else HTTPStatus.NO_CONTENT

    def control(self, command: str, body: bytes) -> bytes:
        """Answer a request of the test's own: JSON."""
        if command == "records":
            return orjson.dumps(self.rows[int(body or b"0") :])
        if command == "manners":
            asked = orjson.loads(body)
            self.manners = Manners(frozenset(asked["hang"]), asked["delay_ms"])
        counts = {str(endpoint): count for endpoint, count in self.counts.items()}
        return orjson.dumps({"total": self.counts.total(), "endpoints": counts})


def number_in(body: bytes) -> int:
    """The event's number, or -1."""
    start = body.find(NUMBER_KEY) + len(NUMBER_KEY)
    digits = body[start : start + 20].split(b",", 1)[0].split(b"}", 1)[0]
    return int(digits) if digits.isdigit() else -1


class Connection(asyncio.Protocol):
    """One keep-alive connection, only counted."""

    __slots__ = ("_parser", "_path", "_reception", "_transport")

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._path = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._path = url

    def on_message_complete(self) -> None:
        self._come(HTTPStatus.NO_CONTENT)

    def _come(self, status: int) -> None:
        """Count a request and answer it as the endpoint does."""
        endpoint = int(self._path[3:])
        reception = self._reception
        reception.counts[endpoint] += 1
        if endpoint in reception.manners.hang:
            return
        answer = NO_CONTENT if status == HTTPStatus.NO_CONTENT else FAILURE % status
        if reception.manners.delay_ms:
            loop = asyncio.get_running_loop()
            loop.call_later(reception.manners.delay_ms / 1000, self._transport.write, answer)
        else:
            self._transport.write(answer)


class RecordingConnection(Connection):
    """Keeps headers and body as well, and takes the test's own requests."""

    __slots__ = ("_body", "_headers")

    def __init__(self, reception: Reception) -> None:
        super().__init__(reception)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        headers, self._headers = self._headers, {}
        parts, self._body = self._body, []
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        if self._path.startswith(b"/control/"):
            said = self._reception.control(self._path[9:].decode(), body)
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
        else:
            self._come(self._reception.status(int(self._path[3:]), headers, body))


def _accept_tls(context: ssl.SSLContext, accept: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
    return TlsConnection(context, accept())


async def serve(options: Options) -> None:
    """Listen until the process is told to end."""
    reception = Reception(options)
    accept: Callable[[], asyncio.Protocol] = partial(
        RecordingConnection if options.record else Connection, reception
    )
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
        accept = partial(_accept_tls, context, accept)
    loop = asyncio.get_running_loop()
    await loop.create_server(accept, options.addresses, options.port, backlog=2048)
    control = await loop.create_server(
        lambda: RecordingConnection(reception), "127.0.0.1", options.control_port
    )
    await control.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Options(**json.loads(sys.argv[1]))))
