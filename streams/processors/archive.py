"""`archive`: joins the messages of a batch in one."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.message import Message, NotStructuredError
from streams.processors.flags import all_flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""When every file was changed: the same batch gives the same archive."""


class Archive:
    """Makes one message of a batch."""

    def __init__(self, format_name: str, path: Interpolation) -> None:
        """path: the file name of each message, where the format has names."""
        self._format = format_name
        self._path = path

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One message, with the metadata of the first; the batch, flagged, when it cannot be made."""
        try:
            return [[self._joined(messages)]]
        except MappingError as error:
            return [all_flagged(messages, f"the path cannot be made: {error.text}")]
        except NotStructuredError as error:
            return [all_flagged(messages, f"failed to parse message as JSON: {error}")]
        except ValueError as error:
            return [all_flagged(messages, f"failed to create archive: {error}")]

    def _joined(self, messages: list[Message]) -> Message:
        if self._format == "json_array":
            return messages[0].replaced(value=[message.value for message in messages])
        contents = [message.content for message in messages]
        if self._format in _NAMED:
            names = [self._path.resolve(messages, index) for index in range(len(messages))]
            return messages[0].replaced(_NAMED[self._format](names, contents))
        return messages[0].replaced(_NAMELESS[self._format](contents))


def _tar(names: Sequence[str], contents: Sequence[bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in zip(names, contents, strict=True):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _zip(names: Sequence[str], contents: Sequence[bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in zip(names, contents, strict=True):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _binary(contents: Sequence[bytes]) -> bytes:
    """Bento's own format: the count, then each length and payload, numbers in four bytes."""
    parts = [struct.pack(">I", len(contents))]
    for content in contents:
        parts += (struct.pack(">I", len(content)), content)
    return b"".join(parts)


_NAMED: Final[dict[str, Callable[[Sequence[str], Sequence[bytes]], bytes]]] = {"tar": _tar, "zip": _zip}
_NAMELESS: Final[dict[str, Callable[[Sequence[bytes]], bytes]]] = {
    "binary": _binary,
    "concatenate": b"".join,
    "lines": b"\n".join,
}


def _build(config: Config, _context: BuildContext) -> Archive:
    return Archive(config["format"], bloblang.interpolate(config["path"]))


ARCHIVE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "archive",
    "Joins the messages of a batch in one.",
    _build,
    fields=(
        Field("format", FieldType.STRING, "How.", options=(*_NAMED, *_NAMELESS, "json_array")),
        Field(
            "path",
            FieldType.STRING,
            "The name of each message in a tar or zip archive.",
            default="",
            interpolated=True,
        ),
    ),
    description="The message has the metadata of the first of the batch.",
    examples=({"format": "json_array"}, {"format": "zip", "path": '${! json("id") }.json'}),
    replayable=lambda config: bloblang.interpolate(config["path"]).is_pure,
    computes=True,
    dry_run=DryRun.RUN,
)
