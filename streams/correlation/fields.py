"""Fields and checks that both correlating inputs have, and how they are built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

from streams.correlation.clock import Patience
from streams.correlation.correlating_input import CorrelatingInput, unix_milliseconds
from streams.correlation.correlator import Correlator
from streams.correlation.decider import Decider
from streams.correlation.reading import IDENTITY, KEY, TIMESTAMP, make_reader
from streams.correlation.state import CacheState, CorrelationState, CorrelationStates
from streams.jsontext import serialise
from streams.processed import build_input
from streams.spec import BuildContext, Component, Config, Field, FieldType, Problem, is_called
from streams.statistics import Statistics

DESCRIPTION: Final = (
    "Events are taken in the order of their times, whatever order they arrive in, as far as `allowed_lateness` "
    "permits; later ones are left out, and the log counts them. An event that comes twice counts once. What is kept "
    "survives crashes: events are acknowledged once they are kept, and matches are given until the output has them, "
    "always under the same identity. After a start time stands still until an event comes, for a minute at most, and "
    "then for `idle`, so that every partition can be heard. "
)


def common_fields(lateness: str) -> tuple[Field, ...]:
    """The fields of both. lateness: what is allowed where nothing is said."""
    return (
        KEY,
        Field("within", FieldType.DURATION, "How far apart events may be."),
        TIMESTAMP,
        IDENTITY,
        Field(
            "allowed_lateness",
            FieldType.DURATION,
            "How much later than younger ones an event may arrive. Matches wait for as long.",
            default=lateness,
        ),
        Field(
            "idle",
            FieldType.DURATION,
            "A partition that gives nothing for so long holds no other back; then time goes on without events too.",
            default="5s",
        ),
        Field(
            "state",
            FieldType.CACHE,
            "A cache of the stream to keep the state in. Empty: Sluice's database.",
            default=None,
        ),
    )


def milliseconds_of(seconds: float) -> int:
    """Seconds of a duration as whole milliseconds."""
    return round(seconds * 1000)


def build_correlating(  # noqa: PLR0913 - the parts of an input that differ
    config: Config,
    context: BuildContext,
    decider: Decider,
    sides: Sequence[Component],
    conditions: Sequence[str] = (),
    *,
    rules: Any,
) -> CorrelatingInput:
    """Build an input. rules: what matches depend on; a state that was kept under others is forgotten."""
    patience = Patience(milliseconds_of(config["allowed_lateness"]), milliseconds_of(config["idle"]))
    state = _state(config, context, blake2b(serialise(rules), digest_size=8).hexdigest())
    correlator = Correlator(decider, patience, state, unix_milliseconds)
    sources = context.service(Statistics).sources
    others = len(sources)
    inputs = [build_input(side, context) for side in sides]
    reader = make_reader(config, conditions)
    return CorrelatingInput(inputs, reader, correlator, context.stage, sources[others:])


def check_correlating(config: Config, sides: Sequence[tuple[str, Component]]) -> Iterable[Problem]:
    """What is wrong with fields that both have."""
    if config["within"] <= 0:
        yield Problem(("within",), "wrong_value", "`within` is more than nothing")
    if config["allowed_lateness"] < 0 or config["idle"] < 0:
        yield Problem(("allowed_lateness",), "wrong_value", "no time is less than nothing")
    for name, side in sides:
        if is_called(side):
            message = "what is correlated is read by a worker, and not sent by clients who wait for an answer"
            yield Problem(
                (name,), "inputs_mixed", message, "let one stream write it to Kafka, and read it here"
            )


def _state(config: Config, context: BuildContext, rules: str) -> CorrelationState:
    if config["state"] is not None:
        name = f"{context.stream.definition_id}/{context.stream.stream_name}/{context.stage}/{rules}"
        return CacheState(context.resource(config["state"]), name)
    states: CorrelationStates = context.service(CorrelationStates)  # type: ignore[type-abstract]
    return states.state(context.stream, context.stage, rules)
