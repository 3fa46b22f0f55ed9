"""What became of each branch for one message, as it is written into the message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Record:
    """The branches of one message."""

    def __init__(self) -> None:
        self._succeeded: set[str] = set()
        self._skipped: set[str] = set()
        self.failed: dict[str, str] = {}
        """Why, by branch."""

    def succeed(self, branch: str) -> None:
        """Its result was taken over."""
        self._succeeded.add(branch)

    def skip(self, branch: str) -> None:
        """It was not to run for this message."""
        self._skipped.add(branch)

    def fail(self, branch: str, why: str) -> None:
        """It has no result."""
        self.failed[branch] = why

    def document(self, previous: Any) -> dict[str, Any]:
        """What is written down; previous: what stood there before."""
        made: dict[str, Any] = {}
        if self._succeeded:
            made["succeeded"] = sorted(self._succeeded)
        if self._skipped:
            made["skipped"] = sorted(self._skipped)
        if self.failed:
            made["failed"] = dict(self.failed)
        if previous is not None:
            made["previous"] = previous
        return made


def skipped(previous: Any, branches: Iterable[str]) -> frozenset[str]:
    """Branches that an earlier run's record leaves out: all but `apply`, if that names any, and those that are done."""
    if not isinstance(previous, dict):
        return frozenset()
    names = frozenset(branches)
    wanted = _names(previous.get("apply"))
    done = (_names(previous.get("succeeded")) | _names(previous.get("skipped"))) & names
    return done | (names - wanted if wanted else frozenset())


def _names(value: Any) -> frozenset[str]:
    return (
        frozenset(name for name in value if isinstance(name, str)) if isinstance(value, list) else frozenset()
    )


def at_path(document: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of a document; None: there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def with_path(document: Any, path: tuple[str, ...], value: Any) -> Any:
    """The document with a value at a path; objects are made where there are none."""
    if not path:
        return value
    members = document if isinstance(document, dict) else {}
    return {**members, path[0]: with_path(members.get(path[0]), path[1:], value)}
