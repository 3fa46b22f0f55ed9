"""What a rate limit of a stream can do."""

from __future__ import annotations

import asyncio
from typing import Protocol


class RateLimit(Protocol):
    """Decides how fast something may be done."""

    async def access(self, size: int) -> float:
        """Ask for one go with so many bytes. Returns 0, or the seconds to wait before asking again."""


async def take_turn(limit: RateLimit, size: int) -> None:
    """Wait until a rate limit allows one go with so many bytes."""
    while (wait := await limit.access(size)) > 0:  # noqa: ASYNC110 - the limit itself says how long
        await asyncio.sleep(wait)
