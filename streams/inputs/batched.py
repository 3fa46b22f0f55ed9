"""The `batched` input: another input, whose messages are put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from streams.batching import batching_field, check_policy, held_back, holding_back
from streams.batching_input import with_batching
from streams.inputs.called import check_not_called
from streams.processed import build_input
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Input, Kind, Problem, Rules


def _build(config: Config, context: BuildContext) -> Input:
    reading = build_input(config["child"], holding_back(context, held_back(config["policy"])))
    return with_batching(reading, config["policy"], context)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_policy(("policy",), config["policy"])
    yield from check_not_called(("child",), [config["child"]], "`batched`")


BATCHED: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="batched",
    summary="Puts the messages of another input together to batches.",
    description="Nothing is acknowledged before the output has the batch.",
    fields=(
        Field("child", FieldType.INPUT, "The input."),
        replace(batching_field("policy"), summary="When there is a batch."),
    ),
    examples=({"child": {"generate": {"mapping": "root = 1"}}, "policy": {"count": 10, "period": "1s"}},),
    build=_build,
    check=_check,
)
