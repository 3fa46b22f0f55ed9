"""`avro`: a message for each datum of an object container file."""

from __future__ import annotations

import json
from typing import Final

from streams.bloblang import snappy
from streams.bloblang.errors import Fault
from streams.message import Message
from streams.scanners.avro_values import AvroError, Bytes, CutOffError, Schema, decode_value, read_schema
from streams.scanners.inflating import Deflated
from streams.scanners.scanner import MAX_MESSAGE, MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind

_MAGIC: Final = b"Obj\x01"
_SYNC: Final = 16
_CODECS: Final = ("null", "deflate", "snappy")


class Avro:
    """Reads a header, then blocks (https://avro.apache.org/docs/current/specification, object container files)."""

    def __init__(self, *, raw_json: bool) -> None:
        """raw_json: values of unions stand for themselves; else each with its type, as Avro's JSON has it."""
        self._raw_json = raw_json
        self._held = b""
        self._schema: Schema | None = None
        self._codec = "null"
        self._sync = b""

    def feed(self, data: bytes) -> list[Message]:
        """The data of the blocks that are complete."""
        self._held += data
        made: list[Message] = []
        try:
            while self._held:
                made += self._next()
        except CutOffError:
            if len(self._held) > 2 * MAX_MESSAGE:
                raise ScanError(f"a block is larger than {2 * MAX_MESSAGE} bytes") from None
        except (AvroError, Fault) as error:
            raise ScanError(f"not an Avro file: {error}") from error
        return made

    def end(self) -> list[Message]:
        """Nothing more; a file that was cut off is an error."""
        if self._held or self._schema is None:
            raise ScanError("unexpected EOF in an Avro file")
        return []

    def _next(self) -> list[Message]:
        """Take the header or a block. Raises CutOffError where it is not whole."""
        reader = Bytes(self._held)
        made = self._read_block(reader, self._schema) if self._schema else self._read_header(reader)
        self._held = reader.rest()
        return made

    def _read_header(self, reader: Bytes) -> list[Message]:
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise AvroError("it does not begin with `Obj`")
        metadata = _read_metadata(reader)
        sync = reader.take(_SYNC)
        codec = metadata.get("avro.codec", b"null").decode("utf-8", "replace")
        if codec not in _CODECS:
            raise AvroError(f"the codec {codec!r} is not available (there are: {', '.join(_CODECS)})")
        try:
            schema = read_schema(json.loads(metadata.get("avro.schema", b"")))
        except ValueError as error:
            raise AvroError("its schema cannot be read") from error
        self._schema, self._codec, self._sync = schema, codec, sync
        return []

    def _read_block(self, reader: Bytes, schema: Schema) -> list[Message]:
        count, size = reader.long(), reader.long()
        if count < 0 or not 0 <= size <= MAX_MESSAGE:
            raise AvroError(f"a block has {count} values and {size} bytes")
        content, sync = reader.take(size), reader.take(_SYNC)
        if sync != self._sync:
            raise AvroError("a block does not end with the mark of the file")
        values = Bytes(self._inflated(content))
        try:
            return [Message(value=decode_value(schema, values, raw=self._raw_json)) for _ in range(count)]
        except CutOffError as error:
            raise AvroError("a block is shorter than its values") from error

    def _inflated(self, content: bytes) -> bytes:
        if self._codec == "deflate":
            return _bounded(Deflated(-15, members=False), content)
        if self._codec == "snappy":
            return snappy.decompress(content[:-4], _charge)
        return content


def _bounded(inflater: Deflated, content: bytes) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in inflater.feed(content):
        size += len(piece)
        _charge(size)
        pieces.append(piece)
    return b"".join(pieces)


def _charge(size: int) -> None:
    if size > MAX_MESSAGE:
        raise AvroError(f"a block becomes larger than {MAX_MESSAGE} bytes")


def _read_metadata(reader: Bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    while count := reader.block_count():
        for _ in range(count):
            name = reader.counted().decode("utf-8", "replace")
            found[name] = reader.counted()
    return found


def _build(config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: Avro(raw_json=config["raw_json"])


AVRO: Final = ComponentSpec(
    Kind.SCANNER,
    "avro",
    "Makes a message of each datum of an Avro object container file.",
    _build,
    fields=(
        Field(
            "raw_json",
            FieldType.BOOL,
            "Whether values of unions stand for themselves; else as `{type: value}`.",
            default=False,
        ),
    ),
    description="Blocks may be compressed by `deflate` or `snappy`. A block may have up to 16 MiB.",
    examples=({}, {"raw_json": True}),
)
