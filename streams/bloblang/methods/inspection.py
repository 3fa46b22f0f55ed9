"""Methods that only Redpanda Connect documents: the schema of a value, vectors, user-perceived characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.registry import OPTIONAL, Naming, example, method, string, timestamp
from streams.bloblang.run import Run
from streams.bloblang.values import get_number, get_string, get_timestamp, is_number, require_list
from streams.jsontext import Float
from streams.timestamp import Timestamp

_SCHEMA_TYPES = (
    (bool, "BOOLEAN"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (bytes, "BYTE_ARRAY"),
)


@method(
    "infer_schema",
    "A schema of the value: its type, and the schemas of its members or elements.",
    context=True,
    naming=Naming.NONE,
    examples=(
        example(
            "root = this.infer_schema()",
            (
                {"a": [1]},
                {
                    "type": "OBJECT",
                    "children": [{"name": "a", "type": "ARRAY", "children": [{"type": "INT64"}]}],
                },
            ),
        ),
    ),
)
def infer_schema(run: Run, value: Any) -> dict[str, Any]:
    """The schema; of arrays, of the first element."""
    return _schema(run.measure(value))


def _schema(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "OBJECT", "children": [{"name": key, **_schema(value[key])} for key in sorted(value)]}
    if isinstance(value, list):
        return {"type": "ARRAY", "children": [_schema(value[0])] if value else []}
    if isinstance(value, Timestamp):
        return {"type": "TIMESTAMP"}
    return {"type": next((name for kind, name in _SCHEMA_TYPES if isinstance(value, kind)), "NULL")}


@method(
    "vector",
    "The array of numbers as a vector of floats.",
    naming=Naming.NONE,
    examples=(example("root = this.vector()", ([1, 2.5], [1.0, 2.5])),),
)
def vector(value: Any) -> list[Float]:
    """The floats."""
    items = require_list(value)
    if not all(map(is_number, items)):
        raise Fault("vector must be an array of numeric types")
    return [Float(get_number(item)) for item in items]


@method(
    "timestamp",
    "The target as a timestamp. A default takes the place of what is none.",
    parameters=(timestamp("default", OPTIONAL),),
    examples=(
        example("root = this.timestamp()", (0, "1970-01-01T00:00:00Z")),
        example("root = this.timestamp(60)", ("soon", "1970-01-01T00:01:00Z")),
    ),
)
def as_timestamp(value: Any, default: Timestamp | None) -> Timestamp:
    """The timestamp or the default."""
    try:
        return get_timestamp(value)
    except Fault:
        if default is None:
            raise
        return default


_WORD = re.compile(r"\w+(?:['\u2019.]\w+)*|\s|[^\w\s]")
_SENTENCE = re.compile(r"[^.!?]*(?:[.!?]+[\"'\u201d)]*\s*|$)")


@method(
    "unicode_segments",
    "The text in segments: `grapheme`, `word` or `sentence`.",
    parameters=(string("segmentation_type"),),
    naming=Naming.NONE,
    examples=(
        example('root = this.unicode_segments("word")', ("Tea, please", ["Tea", ",", " ", "please"])),
        example('root = this.unicode_segments("sentence")', ("One. Two!", ["One. ", "Two!"])),
        example('root = this.unicode_segments("grapheme")', ("e\u0301a", ["e\u0301", "a"])),
    ),
)
def unicode_segments(value: Any, kind: str) -> list[str]:
    """The segments, which together are the text."""
    text = get_string(value)
    if kind == "grapheme":
        return _graphemes(text)
    if kind not in {"word", "sentence"}:
        raise Fault(f"invalid segmentation type: {kind}")
    return [part for part in (_WORD if kind == "word" else _SENTENCE).findall(text) if part]


_JOINER = "\u200d"


def _graphemes(text: str) -> list[str]:
    segments: list[str] = []
    for char in text:
        extends = (
            unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Mc"} or char == _JOINER
        )
        toned = 0x1F3FB <= ord(char) <= 0x1F3FF
        if segments and (
            extends or toned or segments[-1].endswith(_JOINER) or (char == "\n" and segments[-1] == "\r")
        ):
            segments[-1] += char
        else:
            segments.append(char)
    return segments
