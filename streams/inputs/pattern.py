"""`pattern`: finds sequences of events, one step after the other."""

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
from streams.correlation.pattern import Pattern, Step
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)

MAX_STEPS: Final = 50
"""Steps of a pattern, repeated ones counted as often."""


def _build(config: Config, context: BuildContext) -> CorrelatingInput:
    within = milliseconds_of(config["within"])
    steps = config["steps"]
    conditions = [step["check"] for step in steps]
    rules = [config["key"], within, config["timestamp_mapping"], config["identity"], steps]
    decider = Pattern(make_steps(config), within)
    return build_correlating(config, context, decider, [config["input"]], conditions, rules=rules)


def make_steps(config: Config) -> tuple[Step, ...]:
    """The steps that a body describes; one that is to happen several times is several."""
    return tuple(
        Step(step["name"], role, step["absent"])
        for role, step in enumerate(config["steps"])
        for _ in range(step["times"])
    )


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_correlating(config, [("input", config["input"])])
    steps = config["steps"]
    if not steps or steps[0]["absent"]:
        yield Problem(("steps",), "bad_steps", "a pattern begins with a step that happens")
    if sum(step["times"] for step in steps) > MAX_STEPS:
        yield Problem(("steps",), "bad_steps", f"a pattern has at most {MAX_STEPS} steps")
    names = [step["name"] for step in steps]
    for at, step in enumerate(steps):
        if names.index(step["name"]) != at:
            yield Problem(("steps", at, "name"), "bad_steps", f"there is a step {step['name']!r} already")
        if step["times"] < 1 or (step["absent"] and step["times"] > 1):
            message = "a step happens once or more often; an absence has no number"
            yield Problem(("steps", at, "times"), "bad_steps", message)


PATTERN: Final = ComponentSpec(
    Kind.INPUT,
    "pattern",
    "Finds sequences of events with the same key, one step after the other, within a time.",
    _build,
    fields=(
        Field(
            "input",
            FieldType.INPUT,
            "Where events come from; processors beside it may filter and enrich them.",
        ),
        *common_fields("0s"),
        Field(
            "steps",
            FieldType.OBJECT,
            "The steps, in order.",
            shape=Shape.LIST,
            children=(
                Field("name", FieldType.STRING, "Under which the match has the event."),
                Field("check", FieldType.BLOBLANG, "A query that is true for events of this step."),
                Field("times", FieldType.INT, "How often it is to happen.", default=1),
                Field(
                    "absent",
                    FieldType.BOOL,
                    "No such event may come between its neighbours; at the end, before `within` is over.",
                    default=False,
                ),
            ),
        ),
    ),
    description=DESCRIPTION
    + "A match is an object with `key`, `started`, `ended` and `steps`, which has the event of each step by name: a "
    "list for steps with `times`, null for absences. A check that fails counts as false. Events between the steps are "
    "passed over. Of several sequences of a key the first to be complete wins, and the others are forgotten, so that "
    "no event is part of two.",
    check=_check,
    shared=False,
    examples=(
        {
            "input": {"kafka": {"addresses": ["main"], "topics": ["payments"], "consumer_group": "fraud"}},
            "key": "${! this.card }",
            "within": "10m",
            "allowed_lateness": "30s",
            "steps": [
                {"name": "tried", "check": "this.amount < 2", "times": 3},
                {"name": "confirmed", "check": 'this.kind == "confirmation"', "absent": True},
                {"name": "emptied", "check": "this.amount > 500"},
            ],
        },
    ),
)
