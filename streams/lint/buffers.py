"""Check what holds messages back: buffers, and batches that are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.batching import is_on
from streams.spec import Component, Kind, children, is_called
from streams.variables import component_variables

MAX_IN_FLIGHT: Final = 64
_UNCOUNTED: Final = 1024
"""Batches that may wait where a policy does not say of how many it makes one."""


def buffer_faults(reading: Component, buffer: Component | None) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a buffer behind an input: code, message and remedy."""
    if buffer is None or not _holds_back(buffer):
        return
    if is_called(reading):
        yield (
            "buffer_of_requests",
            "a request is answered when the output has its messages, so that no buffer can hold them",
            "write the requests to a topic, and read that in a stream with the buffer",
        )
    elif any(True for _ in component_variables(reading)):
        yield (
            "buffer_of_caller",
            "messages of one caller are handed over as they come; no buffer can hold them",
            "take the buffer out, or the variables",
        )


def has_no_effect(reading: Component, buffer: Component | None) -> bool:
    """Tell whether a buffer only reads ahead, of an input that is not read but called."""
    return buffer is not None and not _holds_back(buffer) and is_called(reading)


def _holds_back(buffer: Component) -> bool:
    return buffer.spec.name != "memory" or bool(buffer.config["batch_policy"]["enabled"])


def batches_in_flight(writing: Component) -> int:
    """How many batches may wait for an output at a time: enough for those that make larger ones of them."""
    wanted = MAX_IN_FLIGHT
    policy = writing.config.get("batching")
    if isinstance(policy, dict) and is_on(policy):
        wanted = max(wanted, 2 * policy["count"] or _UNCOUNTED)
    return max([wanted, *map(batches_in_flight, children(writing, Kind.OUTPUT))])
