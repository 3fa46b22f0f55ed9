"""`resource`: a processor that stands among the stream's `processor_resources`."""

from __future__ import annotations

from typing import Final

from streams.processors.nested import are_per_message, are_replayable
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind
from streams.stages import Stage, build_stages


def _build(config: Config, context: BuildContext) -> Stage:
    (stage,) = build_stages((config["resource"],), context)
    return stage


RESOURCE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "resource",
    "Does what a processor of the stream's `processor_resources` does.",
    _build,
    fields=(Field("resource", FieldType.PROCESSOR_RESOURCE, "The label of the processor."),),
    value_form=True,
    description="A processor among the resources may name those above it.",
    examples=("steps",),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
