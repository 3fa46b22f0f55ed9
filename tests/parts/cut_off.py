"""A PostgreSQL that can be taken away from a process, by a socket of its own in between."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BYTES = 65536


class CutOff:
    """Passes bytes on between clients and a Unix socket, until told otherwise."""

    def __init__(self, target: Path, socket: Path) -> None:
        self._target = target
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def directory(self) -> Path:
        """Where its socket is."""
        return self._socket.parent

    def hang(self) -> None:
        """Pass nothing on; connections stay open, and new ones are accepted."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def refuse(self) -> None:
        """Close every connection, and each new one at once."""
        self._refusing = True
        self._loop.call_soon_threadsafe(self._close_all)

    def restore(self) -> None:
        """Pass everything on."""
        self._refusing = False
        self._loop.call_soon_threadsafe(self._passing.set)

    def run(self, started: threading.Event) -> None:
        """Serve until stopped, on a thread of its own."""
        self._passing.set()
        server = self._loop.run_until_complete(asyncio.start_unix_server(self._connected, self._socket))
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._close_all()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._refusing:
            writer.close()
            return
        target_reader, target_writer = await asyncio.open_unix_connection(self._target)
        self._writers.add(target_writer)
        await asyncio.gather(self._copy(reader, target_writer), self._copy(target_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(BYTES):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    def _close_all(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@contextmanager
def cut_off(target: Path, socket: Path) -> Iterator[CutOff]:
    """A socket that leads to another while it is let."""
    between, started = CutOff(target, socket), threading.Event()
    thread = threading.Thread(target=between.run, args=(started,), daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield between
    finally:
        between.stop()
        thread.join(30)
