"""What a rate limit of a stream can do."""

from __future__ import annotations

from typing import Protocol


class RateLimit(Protocol):
    """Decides how fast something may be done."""

    async def access(self, size: int) -> float:
        """Ask for one go with so many bytes. Returns 0, or the seconds to wait before asking again."""
