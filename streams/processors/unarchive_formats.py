"""The formats of `unarchive`: what a payload holds, part by part. They raise ValueError for what they cannot read."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from streams.bloblang import MappingError
from streams.bloblang.query import compile_query
from streams.jsontext import JsonValue, parse
from streams.message import Message
from streams.processors.evaluated import quoted
from streams.processors.xml_documents import divide_xml

MAX_BYTES: Final = 64 << 20
"""What all files of one archive may hold, however small it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes a message."""

    content: bytes | None = None
    value: JsonValue = None
    """Where there is no content."""
    metadata: tuple[tuple[str, str], ...] = ()


Reader = Callable[[Message], Iterator[Part]]


def tar(message: Message) -> Iterator[Part]:
    """The files of a tar archive, with their names."""
    left = MAX_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(message.content), mode="r:") as archive:
            for member in archive:
                left -= member.size
                _check_room(left)
                file = archive.extractfile(member)
                if file is not None:
                    yield Part(file.read(), metadata=(("archive_filename", member.name),))
    except tarfile.TarError as error:
        raise ValueError(str(error)) from error


def unzip(message: Message) -> Iterator[Part]:
    """The files of a zip archive, with their names."""
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(message.content)) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as file:
                    # What the archive says of its sizes need not be so.
                    content = file.read(left + 1)
                left -= len(content)
                _check_room(left)
                yield Part(content, metadata=(("archive_filename", entry.filename),))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ValueError(str(error)) from error


def _check_room(left: int) -> None:
    if left < 0:
        raise ValueError(f"the archive holds more than {MAX_BYTES} bytes")


def binary(message: Message) -> Iterator[Part]:
    """The parts of Bento's own format."""
    content = message.content
    try:
        (count,) = struct.unpack_from(">I", content)
        place = 4
        for _ in range(count):
            (length,) = struct.unpack_from(">I", content, place)
            part = content[place + 4 : place + 4 + length]
            if len(part) < length:
                raise ValueError("the payload ends within a part")
            yield Part(part)
            place += 4 + length
    except struct.error as error:
        raise ValueError("the payload ends within a part") from error


def lines(message: Message) -> Iterator[Part]:
    """The lines of a text."""
    for line in message.content.split(b"\n"):
        yield Part(line)


def json_documents(message: Message) -> Iterator[Part]:
    """JSON documents, one after the other."""
    text = message.content.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        try:
            _, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"failed to parse a JSON document: {error}") from error
        # Read anew, for this reader keeps numbers as they are written.
        yield Part(value=parse(text[place:end]))
        place = end


def json_array(message: Message) -> Iterator[Part]:
    """The items of a JSON array."""
    value = message.value
    if not isinstance(value, list):
        raise ValueError("the message is not a JSON array")  # noqa: TRY004 - the data is at fault, not an argument
    for item in value:
        yield Part(value=item)


def json_map(message: Message) -> Iterator[Part]:
    """The members of a JSON object, with their keys."""
    value = message.value
    if not isinstance(value, dict):
        raise ValueError("the message is not a JSON object")  # noqa: TRY004 - the data is at fault, not an argument
    for key, item in value.items():
        yield Part(value=item, metadata=(("archive_key", key),))


def csv(delimiter: str = ",") -> Reader:
    """A reader of the rows of CSV, by its header."""
    return _by_query(f"content().parse_csv(delimiter: {quoted(delimiter)})")


def xml_documents(*, cast: bool) -> Reader:
    """A reader of XML documents, one after the other."""
    query = compile_query(f"content().parse_xml({str(cast).lower()})")

    def read(message: Message) -> Iterator[Part]:
        for document in divide_xml(message.content):
            yield Part(value=_evaluated(query, message.replaced(document)))

    return read


def _by_query(text: str) -> Reader:
    query = compile_query(text)

    def read(message: Message) -> Iterator[Part]:
        for item in _evaluated(query, message):
            yield Part(value=item)

    return read


def _evaluated(query: Any, message: Message) -> Any:
    try:
        return query.evaluate([message])
    except MappingError as error:
        raise ValueError(error.text) from error
