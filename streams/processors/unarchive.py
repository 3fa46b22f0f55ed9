"""`unarchive`: makes a message of each part of a payload."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.message import Message, NotStructuredError
from streams.processors import unarchive_formats as formats
from streams.processors.flags import flagged
from streams.processors.nested import joined, one_batch
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules

MAX_PARTS: Final = 100_000
"""The most messages that one message may become."""
_READERS: Final[dict[str, formats.Reader]] = {
    "tar": formats.tar,
    "zip": formats.unzip,
    "binary": formats.binary,
    "lines": formats.lines,
    "json_documents": formats.json_documents,
    "json_array": formats.json_array,
    "json_map": formats.json_map,
    "csv": formats.csv(),
    "xml_documents_to_json": formats.xml_documents(cast=False),
    "xml_documents_to_json:cast": formats.xml_documents(cast=True),
}


class Unarchive:
    """Divides each message of a batch; all that comes of them is one batch."""

    def __init__(self, read: formats.Reader) -> None:
        self._read = read

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch; a message that cannot be divided stays as it is, flagged."""
        return one_batch(joined(self._divided(message) for message in messages))

    def _divided(self, message: Message) -> list[Message]:
        made: list[Message] = []
        try:
            for part in self._read(message):
                if len(made) == MAX_PARTS:
                    return [flagged(message, f"failed to unarchive: there are more than {MAX_PARTS} parts")]
                made.append(_made(message, part))
        except NotStructuredError as error:
            return [flagged(message, f"failed to unarchive: {error}")]
        except ValueError as error:
            return [flagged(message, f"failed to unarchive: {error}")]
        return made


def _made(message: Message, part: formats.Part) -> Message:
    metadata = {**message.metadata, **dict(part.metadata)}
    if part.content is not None:
        return message.replaced(part.content, metadata=metadata)
    return message.replaced(value=part.value, metadata=metadata)


def _reader(format_name: str) -> formats.Reader | None:
    """The reader of a format; `csv:` is followed by its delimiter."""
    if format_name.startswith("csv:") and len(format_name) == len("csv:x"):
        return formats.csv(format_name[-1])
    return _READERS.get(format_name)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if _reader(config["format"]) is None:
        known = ", ".join([*_READERS, "csv:x with any one character for x"])
        yield Problem(
            ("format",), "wrong_option", f"there is no format {config['format']!r}", f"one of {known}"
        )


def _build(config: Config, _context: BuildContext) -> Unarchive:
    return Unarchive(_reader(config["format"]) or formats.lines)


UNARCHIVE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "unarchive",
    "Makes a message of each part of a payload.",
    _build,
    fields=(
        Field(
            "format",
            FieldType.STRING,
            "What the payload is: tar, zip, binary, lines, json_documents, json_array, json_map, csv, csv:x (a "
            "delimiter other than the comma), xml_documents_to_json, or that with `:cast`.",
        ),
    ),
    description="The messages are one batch and have the metadata of the message they were, those of tar and zip "
    f"also `archive_filename`, those of json_map `archive_key`. An archive may hold {formats.MAX_BYTES >> 20} MiB.",
    check=_check,
    examples=({"format": "json_array"}, {"format": "csv:;"}),
    replayable=True,
    computes=True,
    dry_run=DryRun.RUN,
)
