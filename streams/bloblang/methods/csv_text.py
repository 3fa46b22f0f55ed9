"""CSV to values, by RFC 4180 as Go's encoding/csv reads it."""

from __future__ import annotations

from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.methods.parsing import text_of
from streams.bloblang.registry import ExpectedFailure, boolean, example, method, string
from streams.bloblang.run import Run


@method(
    "parse_csv",
    "The rows of CSV text: objects by the header row, or arrays where there is none.",
    parameters=(
        boolean("parse_header_row", default=True),
        string("delimiter", ","),
        boolean("lazy_quotes", default=False),
    ),
    context=True,
    examples=(
        example("root = this.parse_csv()", ('a,b\n1,"x, y"', [{"a": "1", "b": "x, y"}])),
        example('root = this.parse_csv(false, ";")', ("1;2", [["1", "2"]])),
        example(
            "root = this.parse_csv()",
            ("", ExpectedFailure("failed assignment (line 1): field `this`: zero records were parsed")),
        ),
    ),
)
def parse_csv(run: Run, value: Any, parse_header_row: bool, delimiter: str, lazy_quotes: bool) -> list[Any]:  # noqa: FBT001 - parameters of the language
    """The rows."""
    text = text_of(value)
    run.charge(4 * len(text))
    if len(delimiter) != 1:
        raise Fault("delimiter value must be exactly one character")
    rows = CsvReader(text, delimiter, lazy=lazy_quotes).rows()
    if not rows:
        raise Fault("zero records were parsed")
    _check_widths(rows)
    if not parse_header_row:
        return rows
    header, *records = rows
    return [dict(zip(header, record, strict=True)) for record in records]


def _check_widths(rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise Fault(f"record on line {number}: wrong number of fields")


class CsvReader:
    """Reads records one character class at a time."""

    def __init__(self, text: str, delimiter: str, *, lazy: bool) -> None:
        # Go turns \r\n into \n everywhere, quoted fields included.
        self._text = text.replace("\r\n", "\n")
        self._delimiter = delimiter
        self._lazy = lazy
        self._at = 0

    def rows(self) -> list[list[str]]:
        """The records, as many fields as each has; blank lines are none. Raises Fault."""
        rows = []
        while self._at < len(self._text):
            if self._text[self._at] == "\n":
                self._at += 1
                continue
            rows.append(self._record())
        return rows

    def _record(self) -> list[str]:
        fields = [self._field()]
        while self._at < len(self._text) and self._text[self._at] == self._delimiter:
            self._at += 1
            fields.append(self._field())
        self._at += 1
        return fields

    def _field(self) -> str:
        if self._text[self._at : self._at + 1] == '"':
            return self._quoted()
        end = self._at
        while end < len(self._text) and self._text[end] not in {self._delimiter, "\n"}:
            end += 1
        field = self._text[self._at : end]
        if '"' in field and not self._lazy:
            raise self._fault('bare " in non-quoted-field', self._at + field.index('"'))
        self._at = end
        return field

    def _quoted(self) -> str:
        parts: list[str] = []
        self._at += 1
        while True:
            end = self._text.find('"', self._at)
            if end < 0:
                return self._unclosed(parts)
            parts.append(self._text[self._at : end])
            following = self._text[end + 1 : end + 2]
            self._at = end + 1
            if following == '"':
                parts.append('"')
                self._at += 1
            elif following in {"", "\n", self._delimiter}:
                return "".join(parts)
            elif self._lazy:
                parts.append('"')
            else:
                raise self._fault('extraneous or missing " in quoted-field', end)

    def _unclosed(self, parts: list[str]) -> str:
        if not self._lazy:
            raise self._fault('extraneous or missing " in quoted-field', len(self._text))
        parts.append(self._text[self._at :])
        self._at = len(self._text)
        return "".join(parts)

    def _fault(self, problem: str, at: int) -> Fault:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        return Fault(f"parse error on line {line}, column {column}: {problem}")
