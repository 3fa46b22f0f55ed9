"""`skip_bom`: bytes without the marks that tell their order."""

from __future__ import annotations

import codecs
from typing import Final

from streams.message import Message
from streams.scanners.scanner import MakeScanner, Scanner
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind

_MARKS: Final = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF32_LE,  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
)
_LONGEST: Final = max(map(len, _MARKS))


class SkipBom:
    """Takes the marks away from the beginning, and gives the rest to another scanner."""

    def __init__(self, child: Scanner) -> None:
        self._child = child
        self._held: bytes | None = b""
        """What may still begin with a mark; None: the beginning is past."""

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the other scanner."""
        if self._held is None:
            return self._child.feed(data)
        self._held += data
        while len(self._held) >= _LONGEST and (mark := _mark(self._held)):
            self._held = self._held.removeprefix(mark)
        if len(self._held) < _LONGEST:
            return []
        return self._pass_on(self._held)

    def end(self) -> list[Message]:
        """What is left of the other scanner."""
        held = self._held or b""
        while mark := _mark(held):
            held = held.removeprefix(mark)
        return (self._pass_on(held) if held else []) + self._child.end()

    def _pass_on(self, data: bytes) -> list[Message]:
        self._held = None
        return self._child.feed(data)


def _mark(data: bytes) -> bytes:
    """The mark that the bytes begin with; empty: none."""
    return next((mark for mark in _MARKS if data.startswith(mark)), b"")


def _build(config: Config, context: BuildContext) -> MakeScanner:
    make: MakeScanner = context.build(config["into"])
    return lambda name: SkipBom(make(name))


SKIP_BOM: Final = ComponentSpec(
    Kind.SCANNER,
    "skip_bom",
    "Takes byte order marks away from the beginning.",
    _build,
    fields=(Field("into", FieldType.SCANNER, "What reads the rest.", default={"to_the_end": {}}),),
    examples=({"into": {"csv": {}}},),
)
