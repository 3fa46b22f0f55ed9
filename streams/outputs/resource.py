"""The `resource` output: one of the stream's `output_resources`."""

from __future__ import annotations

from typing import Final

from streams.processed import build_output
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Output


def _build(config: Config, context: BuildContext) -> Output:
    return build_output(config["resource"], context)


RESOURCE: Final = ComponentSpec(
    Kind.OUTPUT,
    "resource",
    "Writes to an output of the stream's `output_resources`.",
    _build,
    fields=(Field("resource", FieldType.OUTPUT_RESOURCE, "The label of the output."),),
    value_form=True,
    description="Processors beside the output among the resources run last. Each use writes for itself.",
    examples=("sink",),
    dry_run=DryRun.RUN,
)
