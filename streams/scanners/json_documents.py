"""`json_documents`: a message for each of the JSON documents that follow each other."""

from __future__ import annotations

import re
from typing import Final

from streams.jsontext import NotJsonError, parse
from streams.message import Message
from streams.scanners.scanner import MAX_MESSAGE, MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Kind

_SPACE: Final = b" \t\r\n"
_BEGIN: Final = re.compile(rb"[^ \t\r\n]")
_STRUCTURE: Final = re.compile(rb'["{}\[\]]')
_QUOTE: Final = re.compile(rb'["\\]')
_SCALAR_END: Final = re.compile(rb'[ \t\r\n,:"{}\[\]]')


class JsonDocuments:
    """Finds where each document ends. Every byte is looked at once, however small the pieces are."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        """How far it is looked at."""
        self._depth = 0
        self._quoted = False
        self._begun = False

    def feed(self, data: bytes) -> list[Message]:
        """The documents that are complete."""
        self._held += data
        made: list[Message] = []
        while (end := self._document_end()) is not None:
            made.append(self._cut(end))
        if len(self._held) > MAX_MESSAGE:
            raise ScanError(f"a JSON document is larger than {MAX_MESSAGE} bytes")
        return made

    def end(self) -> list[Message]:
        """The last document, where it is one that nothing closes, such as a number."""
        rest = bytes(self._held).strip(_SPACE)
        return [_message(rest)] if rest else []

    def _cut(self, end: int) -> Message:
        document = bytes(self._held[:end])
        del self._held[:end]
        self._at, self._begun = 0, False
        return _message(document)

    def _document_end(self) -> int | None:
        """Where the document ends that is looked at; None: not in what is held."""
        if not self._begun and not self._begin():
            return None
        if self._depth or self._quoted or self._held[0] in b'{["':
            return self._nested_end()
        found = _SCALAR_END.search(self._held, self._at or 1)
        self._at = len(self._held)
        return found.start() if found else None

    def _begin(self) -> bool:
        found = _BEGIN.search(self._held)
        del self._held[: found.start() if found else len(self._held)]
        self._begun = found is not None
        return self._begun

    def _nested_end(self) -> int | None:
        while True:
            found = (_QUOTE if self._quoted else _STRUCTURE).search(self._held, self._at)
            if found is None:
                self._at = len(self._held)
                return None
            if found[0] == b"\\":
                if found.end() == len(self._held):
                    self._at = found.start()  # what is escaped comes with the next piece
                    return None
                self._at = found.end() + 1
                continue
            self._at = found.end()
            self._take(found[0])
            if not self._depth and not self._quoted:
                return self._at

    def _take(self, found: bytes) -> None:
        if found == b'"':
            self._quoted = not self._quoted
        else:
            self._depth += 1 if found in b"{[" else -1


def _message(document: bytes) -> Message:
    try:
        return Message(value=parse(document))
    except NotJsonError as error:
        raise ScanError(f"not JSON: {error}") from error


def _build(_config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: JsonDocuments()


JSON_DOCUMENTS: Final = ComponentSpec(
    Kind.SCANNER,
    "json_documents",
    "Makes a message of each JSON document.",
    _build,
    description="Documents follow each other with or without space between them.",
    examples=({},),
)
