"""How far a partition is dealt with: the offset below which nothing is owed any more."""

from __future__ import annotations

from collections import deque


class Progress:
    """Batches of one partition, taken in the order of their offsets and finished in any."""

    def __init__(self) -> None:
        self._taken: deque[tuple[int, int]] = deque()
        self._sizes: dict[int, int] = {}
        self._finished: set[int] = set()
        self.in_flight = 0
        """Messages taken and not finished."""

    def take(self, first: int, following: int, messages: int) -> None:
        """Note a batch: its first offset, the offset after its last, and how many messages it has.

        Offsets grow from batch to batch, but not always by one: compaction and transactions leave gaps.
        """
        self._taken.append((first, following))
        self._sizes[first] = messages
        self.in_flight += messages

    def finish(self, first: int) -> int | None:
        """Note that the batch beginning at `first` is dealt with.

        Returns the offset to continue from after a restart, where that has moved; else None.
        """
        self.give_back(first)
        self._finished.add(first)
        moved = None
        while self._taken and self._taken[0][0] in self._finished:
            done, moved = self._taken.popleft()
            self._finished.discard(done)
        return moved

    def give_back(self, first: int) -> None:
        """Note that nobody works on a batch any more. Nothing from it on is committed unless it is finished."""
        self.in_flight -= self._sizes.pop(first, 0)
