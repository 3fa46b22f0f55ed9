"""`log`: writes about messages to the log of the process."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.jsontext import serialise
from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Shape

logger = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 4000
"""The most of one entry that is written."""
_LEVELS: Final = {
    "FATAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": logging.DEBUG,
    "ALL": logging.DEBUG,
}


class Log:
    """Writes an entry for each message."""

    def __init__(
        self,
        place: str,
        level: int,
        message: Interpolation,
        fields: Mapping[str, Interpolation],
        mapping: bloblang.Mapping | None,
    ) -> None:
        """place: definition, stream and stage, which begin each entry."""
        self._place = place
        self._level = level
        self._message = message
        self._fields = fields
        self._mapping = mapping

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch as it was."""
        if logger.isEnabledFor(self._level):
            for index in range(len(messages)):
                logger.log(self._level, "%s: %s", self._place, self._entry(messages, index))
        return [messages]

    def _entry(self, messages: list[Message], index: int) -> str:
        """One line: whoever sent the message cannot make it look like two entries."""
        try:
            text = self._message.resolve(messages, index)
            fields = self._all_fields(messages, index)
        except MappingError as error:
            text, fields = f"the entry cannot be made: {error.text}", {}
        written = f"{text} {serialise(fields).decode()}" if fields else text
        return written[:MAX_CHARACTERS].encode("unicode_escape").decode("ascii")

    def _all_fields(self, messages: list[Message], index: int) -> dict[str, Any]:
        fields: dict[str, Any] = {name: text.resolve(messages, index) for name, text in self._fields.items()}
        if self._mapping is not None:
            made = self._mapping.apply(messages, index)
            value = made.value if isinstance(made, Message) else None
            if not isinstance(value, dict):
                raise MappingError("fields_mapping does not give an object")
            fields |= value
        return fields


def _build(config: Config, context: BuildContext) -> Log:
    stream = context.stream
    mapping = config["fields_mapping"]
    return Log(
        f"{stream.definition_name}/{stream.stream_name} {context.stage}",
        _LEVELS[config["level"]],
        bloblang.interpolate(config["message"]),
        {name: bloblang.interpolate(text) for name, text in config["fields"].items()},
        bloblang.compile(mapping) if mapping else None,
    )


LOG: Final = ComponentSpec(
    Kind.PROCESSOR,
    "log",
    "Writes an entry to the log of the process for each message.",
    _build,
    fields=(
        Field("level", FieldType.STRING, "How important it is.", default="INFO", options=tuple(_LEVELS)),
        Field("message", FieldType.STRING, "The text.", default="", interpolated=True),
        Field("fields_mapping", FieldType.BLOBLANG, "Makes an object of further fields.", default=""),
        Field(
            "fields",
            FieldType.STRING,
            "Further fields, each a text.",
            default={},
            shape=Shape.MAP,
            interpolated=True,
        ),
    ),
    description=f"An entry is one line of at most {MAX_CHARACTERS} characters. FATAL ends nothing.",
    examples=(
        {"level": "WARN", "message": "late order ${! this.id }", "fields_mapping": "root.error = error()"},
    ),
    per_message=True,
)
