"""The `sequence` input: one input after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from collections.abc import Sequence as Several
from typing import Any, Final

from streams.connecting import close_all
from streams.errors import ConnectError, EndOfInput
from streams.inputs.called import check_not_called
from streams.processed import build_input
from streams.spec import (
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
    Shape,
)

logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_NO_JOIN: Final = (
    "a join keeps everything in memory until all inputs have ended; put fragments together in a `cache`"
)


class Sequence:
    """Reads an input to its end, then the next; ends with the last."""

    def __init__(self, inputs: Several[Input]) -> None:
        self._inputs = inputs
        self._at = 0

    async def connect(self) -> None:
        """Connect the first input; each other in its turn. Raises ConnectError."""
        await self._inputs[0].connect()

    async def read(self) -> Batch:
        """Return the next batch of the input whose turn it is. Raises EndOfInput, or the input's ConnectError."""
        while True:
            try:
                return await self._inputs[self._at].read()
            except EndOfInput:
                if self._at + 1 == len(self._inputs):
                    raise
            self._at += 1
            await _connect(self._inputs[self._at])

    async def close(self) -> None:
        """Close the inputs that were connected: until then what they read could be acknowledged."""
        await close_all(self._inputs[: self._at + 1])


async def _connect(source: Input) -> None:
    """Connect for as long as it takes: to give up would begin the sequence anew."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await source.connect()
        except ConnectError as error:
            logger.warning("the next input of a sequence cannot be reached: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return


def _build(config: Config, context: BuildContext) -> Sequence:
    return Sequence([build_input(child, context) for child in config["inputs"]])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["inputs"]:
        yield Problem(("inputs",), "missing_field", "a sequence needs at least one input")
    yield from check_not_called(("inputs",), config["inputs"], "a sequence")


def _joining(name: str, kind: FieldType, default: Any) -> Field:
    return Field(name, kind, "Part of joins.", default=default, refused=_NO_JOIN)


SEQUENCE: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="sequence",
    summary="Reads inputs one after the other.",
    description="The next begins when the one before has ended. After a restart the first begins again.",
    fields=(
        Field("inputs", FieldType.INPUT, "The inputs, in turn.", shape=Shape.LIST),
        Field(
            "sharded_join",
            FieldType.OBJECT,
            "Joins of what all inputs gave.",
            children=(
                _joining("type", FieldType.STRING, "none"),
                _joining("id_path", FieldType.STRING, ""),
                _joining("iterations", FieldType.INT, 1),
                _joining("merge_strategy", FieldType.STRING, "array"),
            ),
        ),
    ),
    examples=(
        {
            "inputs": [
                {"generate": {"mapping": 'root = "first"', "count": 1}},
                {
                    "kafka": {
                        "addresses": ["localhost:9092"],
                        "topics": ["orders"],
                        "consumer_group": "sluice",
                    }
                },
            ]
        },
    ),
    build=_build,
    check=_check,
)
