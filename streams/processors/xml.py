"""`xml`: XML documents to JSON."""

from __future__ import annotations

from typing import Final

from streams.processors.evaluated import Evaluated
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


def _build(config: Config, _context: BuildContext) -> Evaluated:
    return Evaluated(f"content().parse_xml({str(config['cast']).lower()})")


XML: Final = ComponentSpec(
    Kind.PROCESSOR,
    "xml",
    "Turns an XML document into JSON.",
    _build,
    fields=(
        Field("operator", FieldType.STRING, "What is done.", options=("to_json",)),
        Field("cast", FieldType.BOOL, "Numbers and bools for texts that look like them.", default=False),
    ),
    description="Attributes are keys with a hyphen before them, text beside them is `#text`, and elements that "
    "repeat are an array. The method `format_xml` of mappings makes XML of JSON.",
    examples=({"operator": "to_json", "cast": True},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
