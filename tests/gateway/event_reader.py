"""Clients of event streams: threads that read until told to stop, and keep what they got."""

import socket
import threading
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.gateway.asgi_harness import DEADLINE, RunningGateway


@dataclass(frozen=True)
class Got:
    """One event, or an id alone."""

    data: str | None
    id: str
    event: str = ""


@dataclass
class EventReader:
    """An open stream of server-sent events."""

    response: requests.Response
    got: list[Got] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def messages(self) -> list[str]:
        """The data of the stream's messages."""
        return [one.data for one in self.got if one.data is not None and not one.event]

    @property
    def notices(self) -> dict[str, str]:
        """The gateway's own events, by name."""
        return {one.event: one.data or "" for one in self.got if one.event}

    @property
    def last_id(self) -> str:
        """What a browser would send as `Last-Event-ID`."""
        return next((one.id for one in reversed(self.got) if one.id), "")

    def close(self) -> None:
        """Leave at once: closing alone would wait for who reads."""
        connection = self.response.raw._connection
        if connection is not None and connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
        self.ended.wait(DEADLINE)
        self.response.close()

    def read(self) -> None:
        """Read to the end."""
        pending: dict[str, list[str]] = {}
        try:
            for line in self.response.iter_lines(chunk_size=1):
                name, _, value = line.decode().partition(":")
                if line:
                    pending.setdefault(name, []).append(value.removeprefix(" "))
                elif pending:
                    self._keep(pending)
                    pending = {}
        except (requests.RequestException, OSError, AttributeError, ValueError):
            pass  # the connection was cut, here or there
        finally:
            self.ended.set()

    def _keep(self, fields: dict[str, list[str]]) -> None:
        data = "\n".join(fields["data"]) if "data" in fields else None
        if data is not None or "id" in fields:
            self.got.append(Got(data, fields.get("id", [""])[0], fields.get("event", [""])[0]))


def read_events(gateway: RunningGateway, path: str, **headers: str) -> EventReader:
    """Open a stream and read on in a thread; the answer must be a stream."""
    accepted: dict[str, Any] = {"Accept": "text/event-stream", **headers}
    response = requests.get(gateway.url(path), headers=accepted, stream=True, timeout=60)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    reader = EventReader(response)
    threading.Thread(target=reader.read, daemon=True).start()
    return reader
