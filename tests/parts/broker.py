"""A broker of a test: one process with its files in a folder, stopped and started as the test needs it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import ports, process
from tests.parts.missing import missing


@dataclass(slots=True)
class Broker:
    """A server process that keeps its port and its files."""

    arguments: tuple[str, ...]  # the program and its arguments
    directory: Path  # its files and its log
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)  # besides ours
    child: process.Child | None = None

    def start(self) -> Broker:
        """Start it and wait until it takes connections."""
        command = process.Command(
            name=Path(self.arguments[0]).name,
            arguments=self.arguments,
            directory=self.directory,
            environment={**os.environ, **self.environment},
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,  # a shell that waits for the server passes it on
        )
        with (self.directory / "broker.log").open("ab") as log:
            self.child = process.start(command, log)
        process.wait_until(self.child, lambda: ports.answers(self.port))
        return self

    def stop(self) -> None:
        """End it in order."""
        if self.child is not None:
            self.child.stop()


def program(name: str) -> str:
    """The path of a server's program; without it the test is skipped, and fails in CI."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or missing(
        f"no {name}: install its Debian package"
    )
