"""`lines`: a message for each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams.message import Message
from streams.scanners.scanner import MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

MAX_BUFFER: Final = Field(
    "max_buffer_size", FieldType.INT, "The most bytes that a message may have.", default=65536
)


@dataclass(slots=True)
class Lines:
    """Divides bytes at a delimiter."""

    delimiter: bytes
    """Empty: a line break, and a carriage return before it goes too."""
    most: int
    """Bytes of a line."""
    omits_empty: bool
    _rest: bytes = b""

    def feed(self, data: bytes) -> list[Message]:
        """The lines that are complete."""
        *lines, self._rest = (self._rest + data).split(self.delimiter or b"\n")
        made = [Message(line) for line in map(self._line, lines) if line or not self.omits_empty]
        self._check(self._rest)
        return made

    def end(self) -> list[Message]:
        """The last line, where nothing delimits it."""
        rest, self._rest = self._rest, b""
        return [Message(self._line(rest))] if rest else []

    def _line(self, line: bytes) -> bytes:
        self._check(line)
        return line if self.delimiter else line.removesuffix(b"\r")

    def _check(self, line: bytes) -> None:
        if len(line) > self.most:
            raise ScanError(f"a line is longer than {self.most} bytes (`max_buffer_size`)")


def _build(config: Config, _context: BuildContext) -> MakeScanner:
    delimiter = config["custom_delimiter"].encode()
    return lambda _name: Lines(delimiter, config["max_buffer_size"], config["omit_empty"])


def check_buffer(config: Config, _rules: Rules) -> Iterable[Problem]:
    """Report a buffer that holds nothing."""
    if config["max_buffer_size"] < 1:
        yield Problem(("max_buffer_size",), "wrong_value", "max_buffer_size is at least 1")


LINES: Final = ComponentSpec(
    Kind.SCANNER,
    "lines",
    "Makes a message of each line.",
    _build,
    fields=(
        Field("custom_delimiter", FieldType.STRING, "What ends a line; empty: a line break.", default=""),
        MAX_BUFFER,
        Field("omit_empty", FieldType.BOOL, "Whether empty lines make no message.", default=False),
    ),
    check=check_buffer,
    examples=({}, {"custom_delimiter": "|", "omit_empty": True}),
)
