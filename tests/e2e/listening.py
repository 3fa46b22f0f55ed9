"""Clients as programs are: one connection, read in a thread, everything kept."""

import contextlib
import http.client
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.load.waiting import wait_until

HEAD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event."""

    data: str
    name: str = ""
    id: str = ""


@dataclass
class Listener:
    """Reads a stream until it ends or is told to leave."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def open(self) -> "Listener":
        """Send the request; returns once the stream has begun."""
        parts = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=HEAD_SECONDS)
        self._connection.request("GET", self.url.partition(parts.netloc)[2], headers=dict(self.headers))
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        assert self._response.status == 200, self._response.read()
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def leave(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(HEAD_SECONDS)
        self._connection.close()
        self._response.close()

    def events(self) -> list[ServerEvent]:
        """The lines so far as server-sent events, comments left out; the last may be on its way still."""
        blocks = "".join(f"{line}\n" for line in self.lines).split("\n\n")[:-1]
        return [event for block in blocks if (event := _event(block)) is not None]

    def messages(self) -> list[ServerEvent]:
        """Those of them that are messages."""
        return [event for event in self.events() if not event.name]

    def _read(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            for line in self._response:
                self.lines.append(line.decode().rstrip("\n"))
        self.ended.set()


def _event(block: str) -> ServerEvent | None:
    found = {
        name: value.removeprefix(" ")
        for name, colon, value in (line.partition(":") for line in block.split("\n"))
        if name
    }
    if "data" not in found:
        return None
    return ServerEvent(found["data"], found.get("event", ""), found.get("id", ""))


@contextlib.contextmanager
def listening(
    *urls: str, headers: Mapping[str, str] | None = None, events: bool = False
) -> Iterator[list[Listener]]:
    """A listener of each URL; with `events` they ask for server-sent events."""
    sent = {**(headers or {}), **({"Accept": "text/event-stream"} if events else {})}
    opened: list[Listener] = []
    try:
        opened.extend(Listener(url, sent).open() for url in urls)
        yield opened
    finally:
        for one in opened:
            one.leave()


@dataclass
class Curl:
    """`curl -N` that writes what it hears into a file."""

    url: str
    file: Path

    def __enter__(self) -> "Curl":
        with self.file.open("wb") as out, self._log.open("wb") as log:
            self._process = subprocess.Popen(["curl", "-sNv", self.url], stdout=out, stderr=log)
        wait_until(lambda: "< HTTP/1.1 200" in self._log.read_text(), "an open stream")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def lines(self) -> list[str]:
        """What it heard."""
        return [line for line in self.file.read_text().splitlines() if line]

    @property
    def _log(self) -> Path:
        return self.file.with_suffix(".log")
