"""`avro`: JSON documents to Avro's encodings and back, by one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from streams.avro.codec import Codec, CodecError
from streams.avro.schema import SchemaError, read_schema
from streams.message import Message, NotStructuredError
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules


class Avro:
    """Converts each message."""

    def __init__(self, convert: Callable[[Message], Message]) -> None:
        self._convert = convert

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that do not follow the schema keep their payload and are flagged."""
        return [[self._converted(message) for message in messages]]

    def _converted(self, message: Message) -> Message:
        try:
            return self._convert(message)
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message as JSON: {error}")
        except CodecError as error:
            return flagged(message, f"failed to convert message: {error}")


def _decoding(codec: Codec, encoding: str) -> Callable[[Message], Message]:
    read: Callable[[bytes], Any] = getattr(codec, f"from_{encoding}")
    return lambda message: message.replaced(value=read(message.content))


def _encoding(codec: Codec, encoding: str) -> Callable[[Message], Message]:
    write: Callable[[Any], bytes] = getattr(codec, f"to_{encoding}")
    return lambda message: message.replaced(write(message.value))


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        read_schema(config["schema"])
    except SchemaError as error:
        yield Problem(("schema",), "bad_schema", str(error))


def _build(config: Config, _context: BuildContext) -> Avro:
    codec = Codec(read_schema(config["schema"]))
    make = _decoding if config["operator"] == "to_json" else _encoding
    return Avro(make(codec, config["encoding"]))


AVRO: Final = ComponentSpec(
    Kind.PROCESSOR,
    "avro",
    "Converts documents from or to Avro.",
    _build,
    fields=(
        Field("operator", FieldType.STRING, "What is done.", options=("to_json", "from_json")),
        Field(
            "encoding",
            FieldType.STRING,
            "How Avro is written: as its own JSON, as bytes, or as bytes that begin with the schema's fingerprint.",
            default="textual",
            options=("textual", "binary", "single"),
        ),
        Field("schema", FieldType.STRING, "The schema, as the text of a JSON document.", default=""),
        Field(
            "schema_path",
            FieldType.STRING,
            "A file with the schema.",
            default="",
            refused="a definition reads no files; put the text into `schema`",
        ),
    ),
    description='In Avro\'s JSON a value of a union stands under the name of its type: `{"string": "x"}`. Types that '
    "hold themselves are not supported.",
    check=_check,
    examples=(
        {
            "operator": "to_json",
            "encoding": "binary",
            "schema": '{"type":"record","name":"order","fields":[{"name":"id","type":"string"}]}',
        },
    ),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
