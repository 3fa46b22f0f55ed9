"""Fields that several outputs have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.limits import Limit
from streams.spec import Config, Field, FieldType, Problem, Shape

MAX_IN_FLIGHT: Final = Field(
    "max_in_flight",
    FieldType.INT,
    "How many may wait for the server's answer; 1 keeps the order.",
    default=64,
    limit=Limit.IN_FLIGHT,
)
EXCLUDED_METADATA: Final = Field(
    "metadata",
    FieldType.OBJECT,
    "Which metadata go along.",
    children=(
        Field(
            "exclude_prefixes",
            FieldType.STRING,
            "Metadata whose names begin so do not.",
            default=[],
            shape=Shape.LIST,
        ),
    ),
)


def check_in_flight(config: Config) -> Iterable[Problem]:
    """Report a number that lets nothing through."""
    if config["max_in_flight"] < 1:
        yield Problem(("max_in_flight",), "wrong_value", "max_in_flight is at least 1")
