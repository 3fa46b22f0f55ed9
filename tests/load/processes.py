"""Sluice's own processes: started as in production, killed, and started again."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import process

ROOT = Path(__file__).parents[2]
WORKER = ("worker", "-P", "threads", "-c", "2", "-l", "info")
BEAT = ("beat", "-l", "info")
GRACE_SECONDS = 20.0


@dataclass
class Processes:
    """The workers and the beat of one estate."""

    environment: Mapping[str, str]
    directory: Path  # where they log and beat keeps its schedule
    running: list[process.Child] = field(default_factory=list)

    def start_worker(self, name: str) -> process.Child:
        """A worker; it is not waited for."""
        return self._celery(name, [*WORKER, "-n", f"{name}@%h"])

    def start_worker_with_traps(self, name: str) -> process.Child:
        """A worker that can be killed at a moment of its own: see tests/faults/moments.py."""
        trapped = ["-m", "tests.faults.worker", str(self.arming_file(name)), *WORKER, "-n", f"{name}@%h"]
        return self.start(name, [sys.executable, *trapped])

    def arming_file(self, name: str) -> Path:
        """Where the worker of this name is told at which moment to die."""
        return self.directory / f"{name}.moment"

    def start_beat(self, name: str = "beat") -> process.Child:
        """The beat."""
        return self._celery(name, [*BEAT, "-s", str(self.directory / f"{name}.schedule")])

    def kill(self, child: process.Child) -> None:
        """SIGKILL, as by the kernel when memory runs out."""
        child.kill()
        self.running.remove(child)

    def stop(self) -> None:
        """End what still runs."""
        while self.running:
            self.running.pop().stop()

    def log(self, name: str) -> Path:
        """Where the process of this name writes."""
        return self.directory / f"{name}.log"

    def _celery(self, name: str, arguments: Sequence[str]) -> process.Child:
        return self.start(name, [sys.executable, "-m", "celery", "-A", "portal", *arguments])

    def start(self, name: str, arguments: Sequence[str]) -> process.Child:
        """A process of the run with a log of its own."""
        command = process.Command(
            name=name,
            arguments=tuple(arguments),
            directory=ROOT,
            environment={**self.environment, "PYTHONUNBUFFERED": "1", "C_FORCE_ROOT": "1"},
            grace=GRACE_SECONDS,
        )
        with self.log(name).open("ab") as log:
            child = process.start(command, log)
        self.running.append(child)
        return child
