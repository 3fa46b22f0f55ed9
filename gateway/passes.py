"""Callers who were let in a moment ago: while nothing has changed, their key is not judged again."""

import time
from dataclasses import dataclass
from typing import Final

from gateway.analytics import TrafficMeter
from gateway.budgets import CallerBudget
from gateway.caller import Caller
from gateway.configuration import Configuration

PASS_SECONDS: Final = 10.0
"""How long a pass lasts: less than a budget is kept that nobody uses."""
_MOST_PASSES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Pass:
    """What was found out of a key and a definition."""

    caller: Caller
    budget: CallerBudget
    meter: TrafficMeter
    until: float
    """Unix time."""


PassKey = tuple[int, bytes]
"""A definition, and a digest of what was shown to it."""


class Passes:
    """The passes of one configuration."""

    def __init__(self) -> None:
        self._configuration: Configuration | None = None
        self._known: dict[PassKey, Pass] = {}

    def find(self, configuration: Configuration, key: PassKey) -> Pass | None:
        """A pass that holds under this configuration."""
        if configuration is not self._configuration:
            self._configuration, self._known = configuration, {}
        found = self._known.get(key)
        return found if found is not None and found.until > time.time() else None

    def issue(self, key: PassKey, caller: Caller, budget: CallerBudget, meter: TrafficMeter) -> Pass:
        """A pass for somebody who was let in under the configuration that was asked for last."""
        until = time.time() + PASS_SECONDS
        if caller.expires_at is not None:
            until = min(until, caller.expires_at.timestamp())
        if len(self._known) >= _MOST_PASSES:
            self._known.clear()
        made = self._known[key] = Pass(caller, budget, meter, until)
        return made
