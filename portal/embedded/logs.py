"""The output of many processes in one terminal: each line with its time and its process's name."""

import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from portal.embedded.process import Child

COLOURS = (36, 33, 32, 35, 34, 31, 96, 93, 92, 95)  # ANSI foregrounds (ECMA-48 SGR)
NAME_WIDTH = 10
LAST_LINES_SECONDS = 5.0


@dataclass(slots=True)
class Log:
    """Writes whole lines, from any thread."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    lock: threading.Lock = field(default_factory=threading.Lock)
    names: dict[str, int] = field(default_factory=dict)  # name -> its colour
    followers: list[threading.Thread] = field(default_factory=list)

    def say(self, line: str, name: str = "up") -> None:
        """Write one line of process `name`."""
        prefix = f"{datetime.now().astimezone():%H:%M:%S} {name:<{NAME_WIDTH}}|"
        with self.lock:
            self.out.write(f"{self._coloured(name, prefix)} {line}\n")
            self.out.flush()

    def show(self, text: str) -> None:
        """Write lines as they are, to be copied by whoever reads them."""
        with self.lock:
            self.out.write(f"{text}\n")
            self.out.flush()

    def follow(self, child: Child) -> None:
        """Write the child's lines, in a thread of their own, until its output ends."""
        follower = threading.Thread(target=self._copy, args=[child], daemon=True)
        follower.start()
        self.followers.append(follower)

    def finish(self) -> None:
        """Wait for the last lines of children that have ended."""
        while self.followers:
            # A stranger that holds the pipe of a killed child open must not hold us.
            self.followers.pop().join(LAST_LINES_SECONDS)

    def _copy(self, child: Child) -> None:
        if child.popen.stdout is None:
            return
        with child.popen.stdout as lines:
            for line in lines:
                self.say(line.decode(errors="replace").rstrip(), child.command.name)

    def _coloured(self, name: str, text: str) -> str:
        colour = self.names.setdefault(name, COLOURS[len(self.names) % len(COLOURS)])
        return f"\x1b[{colour}m{text}\x1b[0m" if self.out.isatty() else text
