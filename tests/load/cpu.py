"""Processor time by part, so that Sluice's, PostgreSQL's and the load's own are told apart."""

from collections.abc import Iterable, Mapping

import psutil


def seconds(pid: int) -> float:
    """User and system time of a process, its living descendants, and the children it has waited for.

    The last is how the backends of closed connections are counted: their time goes to the postmaster.
    """
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_seconds, family))


def _seconds(one: psutil.Process) -> float:
    try:
        times = one.cpu_times()
    except psutil.NoSuchProcess:  # it ended just now: from the next reading on its parent has it
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def reading(parts: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Seconds so far of each part, given its process ids."""
    return {name: sum(map(seconds, pids)) for name, pids in parts.items()}


def between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds that each part used between two readings."""
    return {name: after[name] - before[name] for name in before}
