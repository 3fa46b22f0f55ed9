"""`switch`: a scanner by the name of the source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.scanners.scanner import MakeScanner, ScanError, Scanner
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape


def _build(config: Config, context: BuildContext) -> MakeScanner:
    candidates = [
        (compiled(one["re_match_name"]), context.build(one["scanner"])) for one in config["candidates"]
    ]

    def make(name: str) -> Scanner:
        for pattern, make_child in candidates:
            if pattern.search(name.encode()) is not None:
                child: Scanner = make_child(name)
                return child
        raise ScanError(f"no scanner is there for {name!r}")

    return make


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["candidates"]:
        yield Problem((), "missing_field", "a switch needs at least one candidate")
    for at, one in enumerate(config["candidates"]):
        try:
            compiled(one["re_match_name"])
        except Fault as fault:
            yield Problem(("candidates", at, "re_match_name"), "bad_pattern", fault.text)


SWITCH: Final = ComponentSpec(
    Kind.SCANNER,
    "switch",
    "Reads by the first scanner whose expression is found in the name of the source.",
    _build,
    fields=(
        Field(
            "candidates",
            FieldType.OBJECT,
            "Scanners, tried in order.",
            shape=Shape.LIST,
            children=(
                Field(
                    "re_match_name",
                    FieldType.STRING,
                    "A regular expression (RE2); empty: any name.",
                    default="",
                ),
                Field("scanner", FieldType.SCANNER, "What reads the source."),
            ),
        ),
    ),
    value_form=True,
    description="The name of a source read by `http_client` is the path of its URL.",
    check=_check,
    examples=([{"re_match_name": "\\.csv$", "scanner": {"csv": {}}}, {"scanner": {"to_the_end": {}}}],),
)
