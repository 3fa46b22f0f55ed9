"""Mappings that processors ask a question: is this so for that message?"""

from __future__ import annotations

from typing import Final

from streams import bloblang
from streams.bloblang import Mapping, MappingError
from streams.message import Failure, Message
from streams.spec import Field, FieldType

CHECK: Final = Field("check", FieldType.BLOBLANG, "A query that is true or false.", default="")
"""The field for a condition; empty: none."""


def compile_condition(text: str) -> Mapping | None:
    """A condition ready to test; None for an empty text."""
    return bloblang.compile(text) if text else None


def is_repeatable(text: str) -> bool:
    """Tell whether equal messages always get the same answer, whatever batch they come in."""
    condition = compile_condition(text)
    return condition is None or (condition.is_pure and condition.is_per_message)


def looks_at_one(text: str) -> bool:
    """Tell whether a condition looks at one message only."""
    condition = compile_condition(text)
    return condition is None or condition.is_per_message


def ask(condition: Mapping, messages: list[Message], index: int) -> bool | Failure:
    """Test one message of a batch. Returns the failure when the answer is no bool, or there is none."""
    try:
        return condition.test(messages, index)
    except MappingError as error:
        return Failure(error.text, line=error.line)
