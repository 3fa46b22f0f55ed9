"""Tells those who hold messages back, to make larger batches of them, that nothing more comes unless they let go."""

from __future__ import annotations

from collections.abc import Callable


class Drain:
    """On while a stream can read no more: as much as it may have is on its way, or its input has ended."""

    def __init__(self) -> None:
        self.is_on = False
        self._listeners: list[Callable[[], None]] = []

    def listen(self, callback: Callable[[], None]) -> None:
        """Call this whenever it goes on."""
        self._listeners.append(callback)

    def turn_on(self) -> None:
        """Nothing more comes for now."""
        self.is_on = True
        for callback in self._listeners:
            callback()

    def turn_off(self) -> None:
        """More comes."""
        self.is_on = False
