"""Receivers that tests make: each a function of reader and writer, behind a real socket."""

import asyncio
import ssl
from contextlib import asynccontextmanager

HEAD_END = b"\r\n\r\n"


def replying(*answers):
    """A receiver that reads a request and answers with the next of these bytes, then hangs up."""

    async def receive(reader, writer):
        for answer in answers:
            await read_request(reader)
            writer.write(answer)
            await writer.drain()

    return receive


async def read_request(reader):
    """Read one request; returns its head and its body."""
    head = await reader.readuntil(HEAD_END)
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return head, await reader.readexactly(length)


class Receiver:
    """Accepts connections, counts them, and lets the function serve each."""

    def __init__(self, serve):
        self._serve = serve
        self._tasks = set()
        self.connections = 0
        self.port = 0
        self.hung_up = asyncio.Event()
        """A sender closed its connection."""

    async def accept(self, reader, writer):
        """Serve one connection; what a sender does to it is no fault of the receiver."""
        self.connections += 1
        self._tasks.add(asyncio.current_task())
        try:
            await self._serve(reader, writer)
        except (
            asyncio.IncompleteReadError,
            OSError,
            RuntimeError,
        ):  # the last is uvloop's, of a closed transport
            self.hung_up.set()
        except asyncio.CancelledError:  # the test is over; raised on, asyncio's streams would log it
            return
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self, context: ssl.SSLContext | None = None):
        """Listen on a free port of 127.0.0.1."""
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


async def hang(reader, writer):
    await reader.read()


async def hang_after_request(reader, writer):
    await read_request(reader)
    await reader.read()


def dripping(start, drop):
    async def receive(reader, writer):
        await read_request(reader)
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.01)

    return receive
