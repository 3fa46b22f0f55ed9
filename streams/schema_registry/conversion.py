"""What a registered schema does with a message, by the kind of the schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streams.avro.codec import Codec
from streams.avro.schema import read_schema
from streams.errors import SluiceError
from streams.jsontext import NotJsonError, parse, serialise
from streams.message import Message
from streams.processors.json_schema import problems_of
from streams.schema_registry.registry import RegisteredSchema


class ConversionError(SluiceError):
    """A schema cannot be used, or the message does not follow it."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Both ways of one schema."""

    number: int
    decode: Callable[[bytes], Any]
    """The JSON value of what follows the number. Raises CodecError, ConversionError, NotJsonError."""
    encode: Callable[[Any], bytes]
    """What is to follow the number for a JSON value. Raises CodecError, ConversionError."""


def make_conversion(schema: RegisteredSchema, *, plain: bool) -> Conversion:
    """The conversion of a schema. plain: JSON without the names of types in unions. Raises SluiceError."""
    if schema.kind == "AVRO":
        codec = Codec(read_schema(schema.text, schema.references), plain=plain)
        return Conversion(schema.number, codec.from_binary, codec.to_binary)
    if schema.kind == "JSON":
        return _json_conversion(schema)
    raise ConversionError(f"schemas of the kind {schema.kind} are not supported")


def _json_conversion(schema: RegisteredSchema) -> Conversion:
    try:
        body = parse(schema.text)
    except NotJsonError as error:
        raise ConversionError(f"the schema is not JSON: {error}") from error

    def checked(message: Message) -> Any:
        problems = problems_of(body, message)
        if problems:
            raise ConversionError("; ".join(problems))
        return message.value

    return Conversion(
        schema.number,
        lambda content: checked(Message(content)),
        lambda value: serialise(checked(Message(value=value))),
    )
