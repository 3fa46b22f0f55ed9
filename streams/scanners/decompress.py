"""`decompress`: compressed bytes for another scanner."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.scanners.inflating import INFLATERS, Inflater
from streams.scanners.scanner import MakeScanner, ScanError, Scanner
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind

_MOST: Final = 256 << 20
"""Bytes that one piece of what is read may become: small files that claim to be huge are refused."""


class Decompress:
    """Gives what compressed bytes were to another scanner."""

    def __init__(self, inflater: Inflater, child: Scanner) -> None:
        self._inflater = inflater
        self._child = child

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the other scanner."""
        made: list[Message] = []
        left = _MOST
        for piece in self._inflater.feed(data):
            left -= len(piece)
            if left < 0:
                raise ScanError("the compressed bytes become too large")
            made += self._child.feed(piece) if piece else []
        return made

    def end(self) -> list[Message]:
        """What is left of the other scanner."""
        self._inflater.end()
        return self._child.end()


def _build(config: Config, context: BuildContext) -> MakeScanner:
    make: MakeScanner = context.build(config["into"])
    make_inflater = INFLATERS[config["algorithm"]]
    return lambda name: Decompress(make_inflater(), make(name))


DECOMPRESS: Final = ComponentSpec(
    Kind.SCANNER,
    "decompress",
    "Decompresses what it reads for another scanner.",
    _build,
    fields=(
        Field("algorithm", FieldType.STRING, "How it was compressed.", options=tuple(INFLATERS)),
        Field("into", FieldType.SCANNER, "What reads the content.", default={"to_the_end": {}}),
    ),
    description="`zstd` is not available in this version.",
    examples=({"algorithm": "gzip", "into": {"lines": {}}},),
)
