"""`schema_registry_decode`: messages that begin with the number of a schema to JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.bloblang.errors import Fault
from streams.errors import SluiceError
from streams.message import Message
from streams.processors.flags import flagged
from streams.schema_registry.conversion import Conversion, make_conversion
from streams.schema_registry.fields import CONNECTION, NESTED, RAW_JSON, URL, check_registry, make_registry
from streams.schema_registry.framing import split
from streams.schema_registry.registry import Kept, SchemaRegistry
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules


class SchemaRegistryDecode:
    """Decodes each message by its own schema. A number always means the same schema, so it is asked for once."""

    def __init__(self, registry: SchemaRegistry, *, plain: bool) -> None:
        """plain: JSON without the names of types in unions."""
        self._registry = registry
        self._plain = plain
        self._conversions: Kept[Conversion] = Kept(float("inf"))

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that cannot be decoded keep their payload and are flagged."""
        return [[await self._decoded(message) for message in messages]]

    async def _decoded(self, message: Message) -> Message:
        try:
            number, content = split(message.content)
            conversion = await self._conversions.get(number, lambda: self._conversion(number))
            return message.replaced(value=conversion.decode(content))
        except Fault as fault:
            return flagged(message, fault.text)
        except (SluiceError, ValueError) as error:
            return flagged(message, f"failed to decode message: {error}")

    async def _conversion(self, number: int) -> Conversion:
        return make_conversion(await self._registry.by_number(number), plain=self._plain)


def _build(config: Config, context: BuildContext) -> SchemaRegistryDecode:
    registry = make_registry(config, context, sanitised=config["sanitize_namespace_names"])
    return SchemaRegistryDecode(registry, plain=config["avro_raw_json"])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_registry(config)


SCHEMA_REGISTRY_DECODE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "schema_registry_decode",
    "Decodes messages by the schema whose number they begin with.",
    _build,
    fields=(
        RAW_JSON,
        NESTED,
        URL,
        Field(
            "sanitize_namespace_names",
            FieldType.BOOL,
            "Replace what may not stand in the name of a namespace.",
            default=False,
        ),
        *CONNECTION,
    ),
    description="Avro and JSON schemas; those of Protocol Buffers are not supported. Schemas are kept as long as the "
    "stream runs. Only addresses that the operator's guard lets through are called.",
    check=_check,
    examples=({"url": "https://schemas.example", "avro_raw_json": True},),
    per_message=True,
)
