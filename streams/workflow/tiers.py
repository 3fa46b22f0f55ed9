"""In which order branches run: those of a tier together, each after the tiers it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.errors import ConfigError
from streams.workflow.paths import overlap, reads, writes

Tiers = tuple[tuple[str, ...], ...]
"""Names of branches."""


class CircularError(ConfigError):
    """Branches that need each other."""


@dataclass(frozen=True, slots=True)
class Maps:
    """The mappings of one branch."""

    request: str
    """Empty: all of the message, of which nothing in particular is needed."""
    result: str


def infer(branches: Mapping[str, Maps]) -> Tiers:
    """The tiers that follow from what each branch reads and writes. Raises CircularError, ParseError."""
    needs = _needs(branches)
    tiers: list[tuple[str, ...]] = []
    done: set[str] = set()
    while len(done) < len(needs):
        tier = tuple(sorted(name for name in needs if name not in done and needs[name] <= done))
        if not tier:
            circle = ", ".join(sorted(needs.keys() - done))
            raise CircularError(
                f"failed to automatically resolve DAG, circular dependencies detected for branches: {circle}"
            )
        tiers.append(tier)
        done |= set(tier)
    return tuple(tiers)


def check_order(order: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    """What is wrong with tiers that were written down; empty: nothing."""
    listed = [name for tier in order for name in tier]
    for name in listed:
        if name not in names:
            return f"there is no branch {name!r}"
        if listed.count(name) > 1:
            return f"the branch {name!r} stands in it more than once"
    missing = [name for name in names if name not in listed]
    return f"the branch {missing[0]!r} is missing in it" if missing else ""


def _needs(branches: Mapping[str, Maps]) -> dict[str, set[str]]:
    wanted = {name: reads(maps.request) if maps.request else frozenset() for name, maps in branches.items()}
    made = {name: writes(maps.result) if maps.result else frozenset() for name, maps in branches.items()}
    return {
        name: {
            other
            for other in branches
            if other != name
            and any(overlap(read, written) for read in wanted[name] for written in made[other])
        }
        for name in branches
    }
