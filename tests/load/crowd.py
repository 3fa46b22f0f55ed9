"""Thousands of listening clients as the test sees them: start them, ask what came."""

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.load.listeners import Options

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Clients in a process of their own."""

    process: "subprocess.Popen[bytes]"
    first: dict[str, Any]  # the report when all were connected

    @property
    def pid(self) -> int:
        """Its process id, to tell its processor time from others'."""
        return self.process.pid

    def report(self) -> dict[str, Any]:
        """What has come since the last reset (see tests/load/listeners.py)."""
        return self._ask("report")

    def reset(self) -> None:
        """Count from nothing again."""
        self._ask("reset")

    def _ask(self, command: str) -> dict[str, Any]:
        return _asked(self.process, f"{command}\n".encode())


def _asked(process: "subprocess.Popen[bytes]", command: bytes) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(command)
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, "the clients' process has ended"
    found: dict[str, Any] = json.loads(line)
    return found


@contextlib.contextmanager
def crowd(options: Options) -> Iterator[Crowd]:
    """Connect the clients; they leave with the block. Raises ConnectionError when some are not let in."""
    command = [sys.executable, "-m", "tests.load.listeners", json.dumps(dataclasses.asdict(options))]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        first = _asked(process, b"")
        if first["open"] < options.count:
            raise ConnectionError(f"{first['open']} of {options.count} clients got in: {first['refused']}")
        yield Crowd(process, first)
    finally:
        process.kill()
        process.communicate()
