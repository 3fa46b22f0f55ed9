"""`csv`: a message for each row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.csv_text import CsvReader
from streams.message import Failure, Message
from streams.scanners.scanner import MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape

_MAX_ROW: Final = 1 << 20
"""Bytes of one row."""
_LINE: Final = re.compile(r"line (\d+)")


class CsvRows:
    """Reads rows as Go's encoding/csv does, however they are cut."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._delimiter = config["custom_delimiter"][:1] or ","
        self._row = _row_pattern(self._delimiter.encode(), lazy=config["lazy_quotes"])
        self._rest = b""
        self._line = 1
        self._header: list[str] | None = None
        self._width = config["expected_number_of_fields"] or 0
        self._made = 0

    def feed(self, data: bytes) -> list[Message]:
        """The rows that are complete."""
        self._rest += data
        made: list[Message] = []
        at = 0
        while (found := self._row.match(self._rest, at)) is not None:
            made += self._taken(found[0])
            at = found.end()
        self._rest = self._rest[at:]
        if len(self._rest) > _MAX_ROW:
            raise ScanError(f"a row is longer than {_MAX_ROW} bytes")
        return made

    def end(self) -> list[Message]:
        """The last row, where no line break ends it."""
        made = self.feed(b"\n") if self._rest else []
        return made + self._taken(self._rest)

    def _taken(self, text: bytes) -> list[Message]:
        """The message of one row; none of a blank line, and of the header."""
        begun, self._line = self._line, self._line + text.count(b"\n")
        try:
            rows = CsvReader(
                text.decode("utf-8", "replace"), self._delimiter, lazy=self._config["lazy_quotes"]
            ).rows()
        except Fault as fault:
            shown = _LINE.sub(lambda found: f"line {int(found[1]) + begun - 1}", fault.text)
            return [self._broken([], shown)]
        return [message for row in rows for message in self._checked(row, begun)]

    def _checked(self, row: list[str], line: int) -> list[Message]:
        if self._config["parse_header_row"] and self._header is None:
            self._read_header(row)
            return []
        self._width = self._width or len(row)
        if len(row) != self._width:
            return [self._broken(row, f"record on line {line}: wrong number of fields")]
        return [self._message(row)]

    def _read_header(self, row: list[str]) -> None:
        expected = self._config["expected_headers"]
        if expected and row != expected:
            raise ScanError(f"the header row is {row}, not {expected}")
        self._width = self._width or len(row)
        if len(row) != self._width:
            raise ScanError(f"the header row has {len(row)} fields, not {self._width}")
        self._header = row

    def _broken(self, row: list[str], why: str) -> Message:
        if not self._config["continue_on_error"]:
            raise ScanError(why)
        message = self._message(row)
        message.error = Failure(why)
        return message

    def _message(self, row: list[str]) -> Message:
        number, self._made = self._made, self._made + 1
        value: Any = row if self._header is None else dict(zip(self._header, row, strict=False))
        return Message(value=value, metadata={"csv_row": number})


def _row_pattern(delimiter: bytes, *, lazy: bool) -> re.Pattern[bytes]:
    """A row to its line break. Nothing in it is tried twice, so that a search takes linear time."""
    comma = re.escape(delimiter)
    within = rb'[^"]|""' + (rb'|"(?![\r\n"' + comma + rb"])" if lazy else b"")
    plain = rb"(?:(?!" + comma + rb")[^\n])*+"
    field = rb'(?:"(?:' + within + rb')*+"' + plain + rb'|(?!")' + plain + rb")"
    return re.compile(field + rb"(?:" + comma + field + rb")*+\n")


def _build(config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: CsvRows(config)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if config["custom_delimiter"] in ('"', "\n", "\r"):
        yield Problem(
            ("custom_delimiter",), "wrong_value", "quotes and line breaks have a meaning of their own"
        )
    if config["expected_headers"] and not config["parse_header_row"]:
        message = "without `parse_header_row` there is no header row"
        yield Problem(("expected_headers",), "no_header", message, "take one of them out")


CSV: Final = ComponentSpec(
    Kind.SCANNER,
    "csv",
    "Makes a message of each row of comma-separated values.",
    _build,
    fields=(
        Field("custom_delimiter", FieldType.STRING, "One character instead of the comma.", default=""),
        Field(
            "parse_header_row",
            FieldType.BOOL,
            "Whether the first row names the fields: rows become objects, else arrays.",
            default=True,
        ),
        Field("lazy_quotes", FieldType.BOOL, "Whether quotes may stand anywhere.", default=False),
        Field(
            "continue_on_error",
            FieldType.BOOL,
            "Make a failed message of a row that cannot be read; else reading ends.",
            default=False,
        ),
        Field(
            "expected_headers",
            FieldType.STRING,
            "The header row there must be.",
            default=[],
            shape=Shape.LIST,
        ),
        Field(
            "expected_number_of_fields",
            FieldType.INT,
            "How many fields rows must have; 0: as the first.",
            default=0,
        ),
    ),
    description="Each message has the metadata `csv_row`: the number of its row, from 0.",
    check=_check,
    examples=({}, {"custom_delimiter": ";", "continue_on_error": True}),
)
