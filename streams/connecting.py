"""Several inputs or outputs that are connected and closed as one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from streams.spec import Input, Output


async def connect_all(ends: Iterable[Input | Output]) -> None:
    """Connect all. Raises the first failure once every try is over: a connection made later would never be closed."""
    outcomes = await asyncio.gather(*(end.connect() for end in ends), return_exceptions=True)
    _raise_first(outcomes)


async def close_all(ends: Iterable[Input | Output]) -> None:
    """Close all. Raises the first failure once every one has been closed, as far as it can be."""
    outcomes = await asyncio.gather(*(end.close() for end in ends), return_exceptions=True)
    _raise_first(outcomes)


def _raise_first(outcomes: Iterable[BaseException | None]) -> None:
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
