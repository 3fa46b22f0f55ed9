"""The `resource` input: one of the stream's `input_resources`."""

from __future__ import annotations

from typing import Final

from streams.processed import build_input
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Input, Kind


def _build(config: Config, context: BuildContext) -> Input:
    return build_input(config["resource"], context)


RESOURCE: Final = ComponentSpec(
    Kind.INPUT,
    "resource",
    "Reads an input of the stream's `input_resources`.",
    _build,
    fields=(Field("resource", FieldType.INPUT_RESOURCE, "The label of the input."),),
    value_form=True,
    description="Processors beside the input among the resources run first. Each use reads for itself.",
    examples=("source",),
)
