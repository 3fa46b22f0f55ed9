"""`tar`: a message for each file of an archive."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import Final

from streams.message import Message
from streams.scanners.scanner import MAX_MESSAGE, MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Kind

_BLOCK: Final = tarfile.BLOCKSIZE
_LONG_NAME: Final = tarfile.GNUTYPE_LONGNAME
_ABOUT: Final = frozenset({_LONG_NAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE})
"""Members that say something of the next, or of all that follow."""


@dataclass(slots=True)
class Tar:
    """Reads members one after the other: a header, then their content in whole blocks."""

    _held: bytes = b""
    _member: tarfile.TarInfo | None = None
    _name: str = ""
    """Of the next member, where its header has no room for it."""
    _ended: bool = False

    def feed(self, data: bytes) -> list[Message]:
        """The files that are complete."""
        self._held += data
        made: list[Message] = []
        while not self._ended and self._next(made):
            pass
        return made

    def end(self) -> list[Message]:
        """Nothing more; an archive that was cut off is an error."""
        if self._member is not None or (self._held and not self._ended):
            raise ScanError("unexpected EOF in a tar archive")
        return []

    def _next(self, made: list[Message]) -> bool:
        """Take a header or a content. Returns whether there was a whole one."""
        if self._member is None:
            return self._take_header()
        size = self._member.size
        padded = -(-size // _BLOCK) * _BLOCK
        if len(self._held) < padded:
            return False
        content, self._held = self._held[:size], self._held[padded:]
        self._take(self._member, content, made)
        self._member = None
        return True

    def _take_header(self) -> bool:
        if len(self._held) < _BLOCK:
            return False
        block, self._held = self._held[:_BLOCK], self._held[_BLOCK:]
        if not block.strip(b"\0"):
            self._ended, self._held = True, b""
            return False
        try:
            self._member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise ScanError(f"not a tar archive: {error}") from error
        if not 0 <= self._member.size <= MAX_MESSAGE:
            raise ScanError(f"{self._member.name} is larger than {MAX_MESSAGE} bytes")
        return True

    def _take(self, member: tarfile.TarInfo, content: bytes, made: list[Message]) -> None:
        if member.type in _ABOUT:
            self._name = _name_in(member.type, content) or self._name
            return
        name, self._name = self._name or member.name, ""
        made.append(Message(content, metadata={"tar_name": name}))


def _name_in(kind: bytes, content: bytes) -> str:
    """The name of the next member, where this one says it."""
    if kind == _LONG_NAME:
        return content.rstrip(b"\0").decode("utf-8", "replace")
    if kind != tarfile.XHDTYPE:
        return ""
    # A record of POSIX's extended header: its length, a space, keyword=value, a line break.
    while content:
        length = content.partition(b" ")[0]
        if not length.isdigit() or not 0 < int(length) <= len(content):
            raise ScanError("an extended header of the tar archive cannot be read")
        record, content = content[len(length) + 1 : int(length) - 1], content[int(length) :]
        key, _, value = record.partition(b"=")
        if key == b"path":
            return value.decode("utf-8", "replace")
    return ""


def _build(_config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: Tar()


TAR: Final = ComponentSpec(
    Kind.SCANNER,
    "tar",
    "Makes a message of each file of a tar archive.",
    _build,
    description=f"Each message has the metadata `tar_name`. A file may have up to {MAX_MESSAGE >> 20} MiB.",
    examples=({},),
)
