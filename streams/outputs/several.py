"""What outputs made of several others have in common."""

from __future__ import annotations

from collections.abc import Sequence

from streams.connecting import close_all, connect_all
from streams.spec import Output


class Several:
    """Connects and closes its outputs together."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs

    async def connect(self) -> None:
        """Connect all outputs. Raises ConnectError when one cannot."""
        await connect_all(self._outputs)

    async def close(self) -> None:
        """Close all outputs."""
        await close_all(self._outputs)
