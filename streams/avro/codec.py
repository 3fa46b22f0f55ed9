"""JSON values to Avro's encodings and back.

JSON follows the specification's own encoding, where a value of a union stands under the name of its type, as
`{"string": "x"}`; or is plain, as people write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO, StringIO
from typing import Any, Final

import fastavro
from fastavro.validation import ValidationError, validate

from streams.avro.schema import schema_fingerprint
from streams.errors import SluiceError
from streams.jsontext import NotJsonError, parse, serialise

_MAGIC: Final = b"\xc3\x01"
_FAULTS: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    ArithmeticError,
    StopIteration,
    RecursionError,
)


class CodecError(SluiceError):
    """The value does not follow the schema."""


class Codec:
    """Converts values of one schema."""

    def __init__(self, schema: Any, *, plain: bool = False) -> None:
        """schema: as `read_schema` makes it. plain: values of unions stand without the name of their type."""
        self._schema = schema
        self._plain = plain
        self._prefix = _MAGIC + schema_fingerprint(schema)

    def from_binary(self, content: bytes) -> Any:
        """The JSON value of Avro's binary encoding. Raises CodecError."""
        reading = BytesIO(content)
        value = _attempt(lambda: fastavro.schemaless_reader(reading, self._schema, None))
        if reading.tell() != len(content):
            raise CodecError(f"{len(content) - reading.tell()} bytes are left after the value")
        return self._to_json(value)

    def from_single(self, content: bytes) -> Any:
        """The JSON value of Avro's single-object encoding. Raises CodecError."""
        if not content.startswith(self._prefix):
            raise CodecError("the message does not begin with the fingerprint of the schema")
        return self.from_binary(content[len(self._prefix) :])

    def from_textual(self, content: bytes) -> Any:
        """The value of Avro's JSON encoding, checked. Raises CodecError."""
        return self._to_json(self._from_text(content.decode("utf-8", "replace")))

    def to_binary(self, value: Any) -> bytes:
        """Avro's binary encoding of a JSON value. Raises CodecError."""
        native = self._from_plain(value) if self._plain else self._from_text(serialise(value).decode())
        writing = BytesIO()
        _attempt(lambda: fastavro.schemaless_writer(writing, self._schema, native))
        return writing.getvalue()

    def to_single(self, value: Any) -> bytes:
        """Avro's single-object encoding of a JSON value. Raises CodecError."""
        return self._prefix + self.to_binary(value)

    def to_textual(self, value: Any) -> bytes:
        """Avro's JSON encoding of a JSON value, checked. Raises CodecError."""
        return serialise(self._to_json(self._from_text(serialise(value).decode())))

    def _from_text(self, text: str) -> Any:
        # fastavro takes each line for a value of its own.
        line = _attempt(lambda: json.dumps(json.loads(text)))
        native = _attempt(lambda: next(iter(fastavro.json_reader(StringIO(line), self._schema))))
        self._validate(native)
        return native

    def _from_plain(self, value: Any) -> Any:
        native = _attempt(lambda: _with_bytes(value, self._schema))
        self._validate(native)
        return native

    def _validate(self, native: Any) -> None:
        _attempt(lambda: validate(native, self._schema, raise_errors=True))

    def _to_json(self, native: Any) -> Any:
        writing = StringIO()
        _attempt(
            lambda: fastavro.json_writer(writing, self._schema, [native], write_union_type=not self._plain)
        )
        try:
            return parse(writing.getvalue())
        except NotJsonError as error:
            raise CodecError("a number is infinite or none at all, which JSON cannot write") from error


def _attempt(run: Callable[[], Any]) -> Any:
    """What a step of fastavro gives. Raises CodecError for a value that is not of the schema."""
    try:
        return run()
    except ValidationError as error:
        raise CodecError(str(error).strip("[]\n ").replace("\n", " ")[:1000]) from error
    except EOFError as error:
        raise CodecError("the message ends in the middle of a value") from error
    except _FAULTS as error:
        raise CodecError(str(error) or type(error).__name__) from error


def _with_bytes(value: Any, schema: Any) -> Any:
    """A plain JSON value whose texts are bytes where the schema wants bytes; a byte is a character up to U+00FF."""
    if isinstance(schema, list):
        return _of_union(value, schema)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(kind, (dict, list)):
        return _with_bytes(value, kind)
    if isinstance(value, str):
        return value.encode("latin-1") if kind in {"bytes", "fixed"} else value
    return _members_with_bytes(value, kind, schema)


def _members_with_bytes(value: Any, kind: str, schema: Any) -> Any:
    if kind == "array" and isinstance(value, list):
        return [_with_bytes(item, schema["items"]) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _with_bytes(item, schema["values"]) for key, item in value.items()}
    if kind == "record" and isinstance(value, dict):
        kinds = {field["name"]: field["type"] for field in schema["fields"]}
        return {key: _with_bytes(item, kinds[key]) for key, item in value.items() if key in kinds}
    return value


def _of_union(value: Any, schemas: list[Any]) -> Any:
    """The value as the first schema that takes it wants it."""
    for schema in schemas:
        with suppress(*_FAULTS):
            native = _with_bytes(value, schema)
            if validate(native, schema, raise_errors=False):
                return native
    return value
