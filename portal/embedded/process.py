"""One child process: started so that it cannot outlive us, waited for, stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.embedded.errors import EmbeddedError

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how it ends."""

    name: str  # the prefix of its log lines, and what errors call it
    arguments: tuple[str, ...]  # the program and its arguments
    directory: Path  # its working directory
    environment: Mapping[str, str]  # its whole environment
    user: int | None = None  # the uid and gid to run as; None keeps ours
    stop_signal: signal.Signals = signal.SIGTERM  # asks it to end in order
    death_signal: signal.Signals = signal.SIGKILL  # what the kernel sends it when we are killed
    grace: float = 10.0  # seconds between the stop signal and SIGKILL


@dataclass(frozen=True, slots=True)
class Child:
    """A running command, in a session of its own so that a terminal's Ctrl-C reaches only its starter."""

    command: Command
    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The process id, which is also its process group's."""
        return self.popen.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), or None while it runs."""
        return self.popen.poll()

    def stop(self) -> int:
        """Ask it to end, and kill its process group when the grace is over. Returns the exit code."""
        if self.exit_code is None:
            self.popen.send_signal(self.command.stop_signal)
            try:
                self.popen.wait(self.command.grace)
            except subprocess.TimeoutExpired:
                return self.kill()
        return self.popen.wait()

    def kill(self) -> int:
        """SIGKILL to its whole process group. Returns the exit code."""
        if self.exit_code is None:
            os.killpg(self.pid, signal.SIGKILL)
        return self.popen.wait()


# How a caller starts a command: with its lines to a terminal, or to a file.
Spawn = Callable[[Command], Child]


def start(command: Command, output: int | IO[bytes]) -> Child:
    """Start `command` with both its outputs going to `output` (a file, or subprocess.PIPE).

    Call it from a thread that lives as long as the child shall: the kernel takes that thread's end for the
    parent's.
    """
    user = "" if command.user is None else str(command.user)
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
    popen = subprocess.Popen(  # noqa: S603 - our own commands, no shell
        [*launch, str(int(command.death_signal)), user, *command.arguments],
        cwd=command.directory,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Child(command, popen)


def wait_until(child: Child, ready: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `ready()`. Raises EmbeddedError when the child ends first or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.exit_code is not None:
            raise EmbeddedError(f"{child.command.name} ended with code {child.exit_code} while starting")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{child.command.name} was not ready within {seconds:.0f} seconds")
        time.sleep(POLL_SECONDS)
