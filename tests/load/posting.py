"""Clients that post one request after the other: `python -m tests.load.posting OPTIONS` (JSON) prints a report.

Each has a connection of its own that stays open, and sends its next request when it has its answer.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import httptools
import uvloop

_BUCKETS_PER_MS: Final = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What is posted, by how many, for how long."""

    port: int
    path: str
    connections: int
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 1024  # bytes of each body

    def request(self) -> bytes:
        """Each request."""
        body = b'{"text":"%b"}' % (b"x" * (self.size - 11))
        fixed = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in {**fixed, **self.headers}.items()]
        return "\r\n".join([f"POST {self.path} HTTP/1.1", *lines, "", ""]).encode() + body


class Postings:
    """What was answered."""

    def __init__(self, options: Options) -> None:
        self.request = options.request()
        self.ends_at = time.monotonic() + options.seconds
        self.statuses: Counter[int] = Counter()
        self.delays: Counter[int] = Counter()  # by tenth of a millisecond

    def report(self, seconds: float) -> dict[str, Any]:
        """All of it."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "seconds": seconds,
            "p50 ms": self._quantile(0.5),
            "p99 ms": self._quantile(0.99),
            "cpu seconds": usage.ru_utime + usage.ru_stime,
        }

    def _quantile(self, part: float) -> float:
        left = sum(self.delays.values()) * part
        for bucket, count in sorted(self.delays.items()):
            left -= count
            if left <= 0:
                return bucket / _BUCKETS_PER_MS
        return 0.0


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.monotonic()
        self._postings.statuses[self._parser.get_status_code()] += 1
        self._postings.delays[int((now - self._sent_at) * 1000 * _BUCKETS_PER_MS)] += 1
        if now < self._postings.ends_at:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self.done.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.monotonic()
        self._transport.write(self._postings.request)


async def post(options: Options) -> dict[str, Any]:
    """Post until the time is over and everything is answered."""
    loop, started = asyncio.get_running_loop(), time.monotonic()
    postings = Postings(options)
    clients = [Client(postings) for _ in range(options.connections)]
    for client in clients:
        await loop.create_connection(lambda one=client: one, "127.0.0.1", options.port)
    await asyncio.gather(*(client.done for client in clients))
    return postings.report(time.monotonic() - started)


if __name__ == "__main__":
    print(json.dumps(uvloop.run(post(Options(**json.loads(sys.argv[1]))))))  # noqa: T201 - its answer
