"""The moments at which a worker is killed, and how it is told of the one that is its last."""

import enum
import os
import signal
from dataclasses import dataclass
from pathlib import Path


class Moment(enum.StrEnum):
    """What the worker has just done, or is about to do."""

    AFTER_READ = "after_read"  # it has records of Kafka, and has written nothing
    AFTER_COMMIT = "after_commit"  # PostgreSQL has the events, nothing was sent
    BEFORE_OFFSET_COMMIT = "before_offset_commit"  # the pipeline is done with records, Kafka does not know
    WHILE_POSTING = "while_posting"  # requests are at the receiver, no answer has come
    BEFORE_OUTCOME = "before_outcome"  # answers have come, PostgreSQL does not know


@dataclass
class Traps:
    """Kills this process at the moment, and on the occasion, that the arming file names."""

    arming_file: Path
    _left: int = 0

    def reached(self, moment: Moment) -> bool:
        """Whether now is the time; if so the arming file is gone, so that the next worker lives."""
        try:
            armed, count = self.arming_file.read_text().split()
        except FileNotFoundError:
            return False
        if armed != moment:
            return False
        self._left = (self._left or int(count)) - 1
        if self._left:
            return False
        self.arming_file.unlink()
        return True

    def pass_by(self, moment: Moment) -> None:
        """Die here, if it is time."""
        if self.reached(moment):
            die()


def arm(arming_file: Path, moment: Moment, count: int) -> None:
    """Have the worker that reads this file die when it comes to the moment for the `count`-th time."""
    fresh = arming_file.with_suffix(".new")
    fresh.write_text(f"{moment} {count}")
    fresh.rename(arming_file)


def die() -> None:
    """As the kernel kills: no handler runs, no buffer is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)
