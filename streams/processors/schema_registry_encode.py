"""`schema_registry_encode`: JSON to messages that begin with the number of their schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.bloblang.errors import Fault
from streams.errors import SluiceError
from streams.message import Message, NotStructuredError
from streams.processors.flags import flagged
from streams.schema_registry.conversion import Conversion, make_conversion
from streams.schema_registry.fields import CONNECTION, NESTED, RAW_JSON, URL, check_registry, make_registry
from streams.schema_registry.framing import join
from streams.schema_registry.registry import Kept, SchemaRegistry
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules


class SchemaRegistryEncode:
    """Encodes each message by the newest schema of its subject."""

    def __init__(
        self, registry: SchemaRegistry, subject: Interpolation, seconds: float, *, plain: bool
    ) -> None:
        """seconds: how long a subject's schema is trusted to be its newest. plain: the documents are plain JSON."""
        self._registry = registry
        self._subject = subject
        self._plain = plain
        self._conversions: Kept[Conversion] = Kept(seconds)

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that cannot be encoded keep their payload and are flagged."""
        return [[await self._encoded(messages, place) for place in range(len(messages))]]

    async def _encoded(self, messages: list[Message], place: int) -> Message:
        message = messages[place]
        try:
            subject = self._subject.resolve(messages, place)
            conversion = await self._conversions.get(subject, lambda: self._conversion(subject))
            return message.replaced(join(conversion.number, conversion.encode(message.value)))
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message as JSON: {error}")
        except (Fault, MappingError) as error:
            return flagged(message, error.text)
        except (SluiceError, ValueError) as error:
            return flagged(message, f"failed to encode message: {error}")

    async def _conversion(self, subject: str) -> Conversion:
        return make_conversion(await self._registry.latest(subject), plain=self._plain)


def _build(config: Config, context: BuildContext) -> SchemaRegistryEncode:
    registry = make_registry(config, context)
    subject = bloblang.interpolate(config["subject"])
    return SchemaRegistryEncode(registry, subject, config["refresh_period"], plain=config["avro_raw_json"])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_registry(config)


SCHEMA_REGISTRY_ENCODE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "schema_registry_encode",
    "Encodes messages by the newest schema of a subject, whose number they then begin with.",
    _build,
    fields=(
        URL,
        Field("subject", FieldType.STRING, "The subject, made for each message.", interpolated=True),
        Field(
            "refresh_period", FieldType.DURATION, "How long a schema is taken for the newest.", default="10m"
        ),
        RAW_JSON,
        NESTED,
        *CONNECTION,
    ),
    description="Avro and JSON schemas; those of Protocol Buffers are not supported. Only addresses that the "
    "operator's guard lets through are called.",
    check=_check,
    examples=({"url": "https://schemas.example", "subject": "orders-value", "avro_raw_json": True},),
    per_message=True,
)
