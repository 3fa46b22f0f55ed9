"""GET for one message."""

from collections.abc import Sequence

from gateway.call import Call
from gateway.round_robin import RoundRobin
from gateway.routes import ActiveApi


class Poll:
    """Answers a request with the next message, or with 408 when there is none in time."""

    def __init__(self, round_robin: RoundRobin) -> None:
        self._round_robin = round_robin

    async def start(self) -> None:
        """Nothing to prepare."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Serve these."""

    async def request(self, call: Call) -> None:
        """Answer one request."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Nothing to put away."""
