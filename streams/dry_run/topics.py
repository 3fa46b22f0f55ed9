"""Which topics of Kafka the input of a stream reads, and what is done to their records before the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streams.batching import is_on
from streams.inputs.kafka import topic_names
from streams.lint import CheckedStream
from streams.spec import Component, Config, Kind, children

_CORRELATING: Final = frozenset({"join", "pattern"})
"""Inputs that give matches, and no records, to the pipeline."""
_POLICIES: Final = ("batching", "policy")


@dataclass(frozen=True, slots=True)
class TopicReading:
    """One topic that an input reads."""

    config: Config
    """Of the `kafka` input."""
    topic: str
    before: tuple[Component, ...]
    """Processors of the inputs its records come through, in order."""
    grouped: bool
    """One of these inputs makes batches."""


def topic_readings(stream: CheckedStream) -> list[TopicReading]:
    """The topics that a stream reads, in the order of its document; none where its input makes messages itself."""
    return list(_readings(stream.input, (), grouped=False))


def _readings(component: Component, outer: tuple[Component, ...], *, grouped: bool) -> Iterator[TopicReading]:
    policies = [component.config[name] for name in _POLICIES if name in component.config]
    of_batches = [processor for policy in policies for processor in policy["processors"]]
    before = (*of_batches, *component.processors, *outer)
    grouped = grouped or any(map(is_on, policies))
    if component.spec.name == "kafka":
        for topic in topic_names(component.config["topics"]):
            yield TopicReading(component.config, topic, before, grouped)
    elif component.spec.name not in _CORRELATING:
        for child in children(component, Kind.INPUT):
            yield from _readings(child, before, grouped=grouped)
