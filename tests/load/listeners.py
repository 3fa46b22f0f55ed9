"""Thousands of clients in one process: `python -m tests.load.listeners OPTIONS` (JSON), asked by lines on stdin.

Messages are told by the mark that tests/load/marked.py puts into them, and by the digits after it: the nanosecond, of
the machine's monotonic clock, at which they were due to be published. It shares the machine with what it measures: so
every client counts marks, and only some look at the digits.
"""

import asyncio
import json
import re
import resource
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import uvloop

MARK: Final = b'":"@'
"""Longer than what pings may hold by chance."""
_DUE: Final = re.compile(MARK + rb"(\d{19})")
_MARKED_BYTES: Final = len(MARK) + 19
_PART: Final = len(MARK) - 1
_SMALL_BUFFER: Final = 4096
_PING: Final = 0x89
_PONG: Final = 0x8A
_AT_A_TIME: Final = 64
_BUCKETS_PER_MS: Final = 10
_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass(frozen=True, slots=True)
class Options:
    """Which clients."""

    port: int
    path: str
    count: int
    headers: dict[str, str] = field(default_factory=dict)
    websocket: bool = False
    never_reading: int = 0  # of the clients: the first so many read nothing after the head
    timed_every: int = 10  # one client of so many looks at when its messages were due

    def request(self) -> bytes:
        """The request of each."""
        own = {"Accept": "text/event-stream"}
        if self.websocket:
            own = {"Upgrade": "websocket", "Connection": "Upgrade"}
            own |= {"Sec-WebSocket-Key": _KEY, "Sec-WebSocket-Version": "13"}
        lines = [f"{name}: {value}" for name, value in {"Host": "127.0.0.1", **own, **self.headers}.items()]
        return "\r\n".join([f"GET {self.path} HTTP/1.1", *lines, "", ""]).encode()


class Crowd:
    """All the clients."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.request = options.request()
        self.begins = b"HTTP/1.1 101" if options.websocket else b"HTTP/1.1 200"
        self.clients: list[Client] = []
        self.delays: Counter[int] = Counter()  # by tenth of a millisecond
        self.refused: list[str] = []
        self.closed = 0

    async def gather(self) -> None:
        """Connect every client, some at a time."""
        gate = asyncio.Semaphore(_AT_A_TIME)
        await asyncio.gather(*(self._connect(number, gate) for number in range(self.options.count)))

    def report(self) -> dict[str, Any]:
        """What has come since the last reset."""
        reading = [client.messages for client in self.clients if client.reads]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "open": sum(client.began for client in self.clients) - self.closed,
            "refused": self.refused[:3],
            "closed": self.closed,
            "messages": sum(reading),
            "least": min(reading, default=0),
            "most": max(reading, default=0),
            "p50 ms": self._quantile(0.5),
            "p99 ms": self._quantile(0.99),
            "cpu seconds": usage.ru_utime + usage.ru_stime,
        }

    def reset(self) -> None:
        """Count from nothing again."""
        self.delays.clear()
        for client in self.clients:
            client.messages = 0

    def _quantile(self, part: float) -> float:
        left = sum(self.delays.values()) * part
        for bucket, count in sorted(self.delays.items()):
            left -= count
            if left <= 0:
                return bucket / _BUCKETS_PER_MS
        return 0.0

    async def _connect(self, number: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            loop = asyncio.get_running_loop()
            client = Client(self, reads=number >= self.options.never_reading, timed=self._is_timed(number))
            opened = socket.socket()
            opened.setblocking(False)
            if not client.reads:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
            try:
                await loop.sock_connect(opened, ("127.0.0.1", self.options.port))
                await loop.create_connection(lambda: client, sock=opened)
                await client.head
            except OSError as error:
                self.refused.append(str(error))
            self.clients.append(client)

    def _is_timed(self, number: int) -> bool:
        return number % self.options.timed_every == 0


class Client(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_before", "_crowd", "_end", "_timed", "_transport", "began", "head", "messages", "reads")

    def __init__(self, crowd: Crowd, *, reads: bool, timed: bool) -> None:
        self._crowd = crowd
        self._timed = timed
        self._before = b""
        self._end = b""
        self._transport: Any = None
        self.began = False
        self.head: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.messages = 0
        self.reads = reads

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._crowd.request)

    def data_received(self, data: bytes) -> None:
        if not self.began:
            data = self._read_head(data)
        elif data[0] == _PING and self._crowd.options.websocket:
            self._transport.write(_pong(data))
        # A mark may come in two pieces.
        self.messages += data.count(MARK) + (self._end + data[:_PART]).count(MARK)
        self._end = data[-_PART:] if len(data) >= _PART else (self._end + data)[-_PART:]
        if self._timed and data:
            self._look_at_times(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self.began:
            self._crowd.closed += 1
        elif not self.head.done():
            self.head.set_exception(ConnectionError("closed before it began"))

    def _read_head(self, data: bytes) -> bytes:
        """What follows the head, once it is whole."""
        self._before += data
        head, end, rest = self._before.partition(b"\r\n\r\n")
        if not end:
            return b""
        self._before = b""
        if not head.startswith(self._crowd.begins):
            self.head.set_exception(ConnectionError(self._shown(head, rest)))
            self._transport.close()
            return b""
        self.began = True
        self.head.set_result(None)
        if not self.reads:
            self._transport.pause_reading()
        return rest

    @staticmethod
    def _shown(head: bytes, rest: bytes) -> str:
        return (head[:40] + b" ... " + rest[:300]).decode("latin-1")

    def _look_at_times(self, data: bytes) -> None:
        now = time.monotonic_ns()
        text = self._before + data
        for found in _DUE.findall(text):
            self._crowd.delays[(now - int(found)) * _BUCKETS_PER_MS // 1_000_000] += 1
        # A mark whose digits are still on their way is looked at with what follows.
        last = text.rfind(MARK, -_MARKED_BYTES + 1)
        self._before = text[last:] if last >= 0 else text[-_PART:]


def _pong(ping: bytes) -> bytes:
    """The answer to a ping of up to 125 bytes, masked with zeros (RFC 6455 section 5.5.3)."""
    size = ping[1] & 0x7F
    return bytes((_PONG, 0x80 | size)) + bytes(4) + ping[2 : 2 + size]


async def serve(options: Options) -> None:
    """Connect, say so, and answer `report` and `reset` until stdin ends."""
    crowd = Crowd(options)
    await crowd.gather()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    command = b"report"
    while command:
        if command == b"reset":
            crowd.reset()
        print(json.dumps(crowd.report()), flush=True)  # noqa: T201 - its answer
        command = (await reader.readline()).strip()


if __name__ == "__main__":
    uvloop.run(serve(Options(**json.loads(sys.argv[1]))))
