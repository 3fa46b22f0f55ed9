"""`join`: pairs the events of two inputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.correlation.correlating_input import CorrelatingInput
from streams.correlation.fields import (
    DESCRIPTION,
    build_correlating,
    check_correlating,
    common_fields,
    milliseconds_of,
)
from streams.correlation.join import LEFT, RIGHT, Join
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

_ALONE: Final = {
    "inner": frozenset[int](),
    "left": frozenset({LEFT}),
    "right": frozenset({RIGHT}),
    "outer": frozenset({LEFT, RIGHT}),
}


def _build(config: Config, context: BuildContext) -> CorrelatingInput:
    within = milliseconds_of(config["within"])
    decider = Join(within, _ALONE[config["type"]])
    rules = [config["key"], within, config["timestamp_mapping"], config["identity"], config["type"]]
    return build_correlating(config, context, decider, [config["left"], config["right"]], rules=rules)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_correlating(config, [(side, config[side]) for side in ("left", "right")])


JOIN: Final = ComponentSpec(
    Kind.INPUT,
    "join",
    "Pairs events of two inputs that have the same key, no further apart than a time.",
    _build,
    fields=(
        Field("left", FieldType.INPUT, "One input; processors beside it may filter and enrich its events."),
        Field("right", FieldType.INPUT, "The other."),
        Field(
            "type",
            FieldType.STRING,
            "Which events are given alone when nothing joined them: none, those of one side, or all.",
            default="inner",
            options=tuple(_ALONE),
        ),
        *common_fields("5s"),
    ),
    description=DESCRIPTION
    + "A match is an object with `key`, `ended`, `left` and `right`; a side that is missing is null. An event is "
    "paired with each of the other side that is near enough.",
    check=_check,
    shared=False,
    examples=(
        {
            "left": {"kafka": {"addresses": ["main"], "topics": ["orders"], "consumer_group": "settle"}},
            "right": {"kafka": {"addresses": ["main"], "topics": ["payments"], "consumer_group": "settle"}},
            "type": "left",
            "key": "${! this.order_id }",
            "within": "1h",
            "allowed_lateness": "1m",
        },
    ),
)
