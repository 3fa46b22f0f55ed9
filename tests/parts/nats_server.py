"""A NATS server, with JetStream unless told otherwise."""

from pathlib import Path

from portal.embedded import ports
from tests.parts.broker import Broker, program


def make(directory: Path, configuration: str = "") -> Broker:
    """A server with its files in `directory`, not started; configuration: settings in place of JetStream."""
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    settings = configuration or f"jetstream: {{store_dir: '{directory}'}}"
    (directory / "nats.conf").write_text(f"listen: '127.0.0.1:{port}'\n{settings}\n")
    return Broker((program("nats-server"), "-c", str(directory / "nats.conf")), directory, port)
