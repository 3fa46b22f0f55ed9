"""`chunker`: messages of one size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams.message import Message
from streams.scanners.scanner import MAX_MESSAGE, MakeScanner
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules


@dataclass(slots=True)
class Chunker:
    """Cuts bytes into pieces of one size."""

    size: int
    _rest: bytes = b""

    def feed(self, data: bytes) -> list[Message]:
        """The pieces that are complete."""
        held = self._rest + data
        whole = len(held) - len(held) % self.size
        self._rest = held[whole:]
        return [Message(held[start : start + self.size]) for start in range(0, whole, self.size)]

    def end(self) -> list[Message]:
        """The last piece, which is smaller."""
        return [Message(self._rest)] if self._rest else []


def _build(config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: Chunker(config["size"])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not 1 <= config["size"] <= MAX_MESSAGE:
        yield Problem(("size",), "wrong_value", f"size is between 1 and {MAX_MESSAGE}")


CHUNKER: Final = ComponentSpec(
    Kind.SCANNER,
    "chunker",
    "Makes messages of so many bytes each.",
    _build,
    fields=(Field("size", FieldType.INT, "Bytes of a message."),),
    check=_check,
    examples=({"size": 4096},),
)
