"""What a status means, and how long to wait before the next try: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What to do after an answer."""

    ACCEPT = "accept"
    RETRY = "retry"
    """After a fixed time."""
    BACK_OFF = "back off"
    """After a time that grows with each try."""
    FAIL = "fail"
    """Another try would change nothing."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What the author of a stream wants tried again."""

    retries: int
    """Tries after the first."""
    period: float
    """Seconds between tries, and the first wait of a growing one."""
    longest: float
    """Seconds that a growing wait grows to."""
    backoff_on: frozenset[int]
    drop_on: frozenset[int]
    successful_on: frozenset[int]

    def judge(self, status: int) -> Verdict:
        """Decide by a status, in Bento's order."""
        if status in self.drop_on:
            return Verdict.FAIL
        if status in self.backoff_on:
            return Verdict.BACK_OFF
        if status in self.successful_on or 200 <= status < 300:
            return Verdict.ACCEPT
        return Verdict.RETRY

    def wait(self, verdict: Verdict, tries: int) -> float:
        """Seconds to wait after so many tries."""
        if verdict is Verdict.BACK_OFF:
            return min(self.period * 2.0 ** min(tries - 1, 64), self.longest)
        return self.period
