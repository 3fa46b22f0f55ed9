"""Acknowledgements that several have a part in."""

from __future__ import annotations

from collections.abc import Sequence

from streams.spec import Acknowledge


class SharedAcknowledgement:
    """Acknowledges what was read once every part of it is dealt with; with the first error, if there was one."""

    __slots__ = ("_acknowledge", "_error", "_parts")

    def __init__(self, acknowledge: Acknowledge, parts: int) -> None:
        """parts: how often `settle` will be called; at least once."""
        self._acknowledge = acknowledge
        self._parts = parts
        self._error: Exception | None = None

    async def settle(self, error: Exception | None) -> None:
        """One part is dealt with, or given back with an error."""
        self._error = self._error or error
        self._parts -= 1
        if not self._parts:
            await self._acknowledge(self._error)


def acknowledge_all(shares: Sequence[SharedAcknowledgement]) -> Acknowledge:
    """The acknowledgement of a batch that is made of these parts."""

    async def acknowledge(error: Exception | None) -> None:
        for share in shares:
            await share.settle(error)

    return acknowledge
