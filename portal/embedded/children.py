"""The children of `make up`, in the order in which they were started."""

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from portal.embedded import ports, process
from portal.embedded.errors import EmbeddedError
from portal.embedded.logs import Log

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Children:
    """Starts processes, watches them, stops them last to first."""

    log: Log
    running: list[process.Child] = field(default_factory=list)

    def start(self, command: process.Command) -> process.Child:
        """Start a command whose lines go to the log."""
        child = process.start(command, subprocess.PIPE)
        self.running.append(child)
        self.log.follow(child)
        return child

    def serve(self, servers: Mapping[int, process.Command]) -> None:
        """Start servers, by the ports they listen on, and wait until all answer. Raises EmbeddedError."""
        started = {port: self.start(command) for port, command in servers.items()}
        for port, child in started.items():
            process.wait_until(child, partial(ports.answers, port))

    def finish(self, command: process.Command) -> None:
        """Run a command to its end. Raises EmbeddedError when it fails."""
        child = process.start(command, subprocess.PIPE)
        self.log.follow(child)
        try:
            if child.popen.wait() != 0:
                raise EmbeddedError(f"{command.name} failed with code {child.exit_code}: see its lines")
        finally:
            child.kill()

    def watch(self) -> None:
        """Return never: raises EmbeddedError naming the first child that ended."""
        while True:
            for child in self.running:
                if child.exit_code is not None:
                    raise EmbeddedError(
                        f"{child.command.name} ended with code {child.exit_code}: all is stopped"
                    )
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop all, those first that need the others."""
        while self.running:
            child = self.running.pop()
            self.log.say(f"stopping {child.command.name}")
            child.stop()
        self.log.finish()
