"""What is wrong with a text that is no JSON document, in the words of Go's encoding/json."""

from __future__ import annotations

import re

_SPACE = b" \t\r\n"
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING_RUN = re.compile(rb'[^"\\\x00-\x1f]*')
_MULTIPLE = "message contains multiple valid documents"


class _Problem(Exception):  # noqa: N818 - carries the words out of the reader
    """The words of the problem."""


def describe(data: bytes) -> str:
    """The words for a text that failed to parse; what is well-formed was nested too deeply."""
    reader = _Reader(data)
    try:
        reader.document()
    except _Problem as problem:
        return str(problem)
    return "exceeded max depth"


class _Reader:
    """Reads a document until something does not fit. Nesting is kept in a list, not on the stack."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def document(self) -> None:
        self._nested()
        self._skip_space()
        if self._at < len(self._data):
            self._nested()
            raise _Problem(_MULTIPLE)

    def _skip_space(self) -> None:
        while self._at < len(self._data) and self._data[self._at] in _SPACE:
            self._at += 1

    def _peek(self) -> int:
        if self._at >= len(self._data):
            raise _Problem("unexpected EOF" if self._at else "EOF")
        return self._data[self._at]

    def _fail(self, context: str) -> _Problem:
        byte = self._peek()
        shown = {0x27: "\\'", 0x22: '"'}.get(byte) or _shown(byte)
        return _Problem(f"invalid character '{shown}' {context}")

    def _nested(self) -> None:
        closers: list[int] = []
        self._begin(closers)
        while closers:
            if not self._after(closers):
                self._begin(closers)

    def _begin(self, closers: list[int]) -> None:
        """Reads a scalar, or the opening of containers up to their first scalar."""
        while True:
            self._skip_space()
            byte = self._peek()
            if byte not in b"[{":
                self._scalar(byte)
                return
            self._at += 1
            self._skip_space()
            closer = ord("]") if byte == ord("[") else ord("}")
            if self._peek() == closer:
                self._at += 1
                return
            closers.append(closer)
            if closer == ord("}"):
                self._key()

    def _after(self, closers: list[int]) -> bool:
        """Reads what follows a value in a container; whether the container ended."""
        self._skip_space()
        byte = self._peek()
        if byte == closers[-1]:
            self._at += 1
            closers.pop()
            return True
        if byte != ord(","):
            raise self._fail(
                "after array element" if closers[-1] == ord("]") else "after object key:value pair"
            )
        self._at += 1
        if closers[-1] == ord("}"):
            self._skip_space()
            self._key()
        return False

    def _key(self) -> None:
        if self._peek() != ord('"'):
            raise self._fail("looking for beginning of object key string")
        self._string()
        self._skip_space()
        if self._peek() != ord(":"):
            raise self._fail("after object key")
        self._at += 1

    def _scalar(self, byte: int) -> None:
        if byte == ord('"'):
            self._string()
        elif byte in _LITERALS:
            self._literal(_LITERALS[byte])
        elif byte == ord("-") or 0x30 <= byte <= 0x39:
            self._number()
        else:
            raise self._fail("looking for beginning of value")

    def _literal(self, word: bytes) -> None:
        for expected in word:
            if self._peek() != expected:
                raise self._fail(f"in literal {word.decode()} (expecting '{chr(expected)}')")
            self._at += 1

    def _number(self) -> None:
        match = _NUMBER.match(self._data, self._at)
        self._at = match.end() if match else self._at + 1
        if match is None:
            raise self._fail("in numeric literal")
        rest = self._data[self._at : self._at + 1]
        if rest == b".":
            self._at += 1
            raise self._fail("after decimal point in numeric literal")
        if rest in {b"e", b"E"}:
            self._at += 1 + (self._data[self._at + 1 : self._at + 2] in {b"+", b"-"})
            raise self._fail("in exponent of numeric literal")

    def _string(self) -> None:
        self._at += 1
        while True:
            run = _STRING_RUN.match(self._data, self._at)
            self._at = run.end() if run else self._at
            byte = self._peek()
            if byte == ord('"'):
                self._at += 1
                return
            if byte != ord("\\"):
                raise self._fail("in string literal")
            self._at += 1
            self._escape()

    def _escape(self) -> None:
        byte = self._peek()
        self._at += 1
        if byte == ord("u"):
            for _ in range(4):
                if self._peek() not in b"0123456789abcdefABCDEF":
                    raise self._fail("in \\u hexadecimal character escape")
                self._at += 1
        elif byte not in b'"\\/bfnrt':
            self._at -= 1
            raise self._fail("in string escape code")


def _shown(byte: int) -> str:
    if 0x20 <= byte < 0x7F:
        return "\\\\" if byte == 0x5C else chr(byte)
    simple = {0x07: "\\a", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0B: "\\v", 0x0C: "\\f", 0x0D: "\\r"}
    if byte in simple:
        return simple[byte]
    return chr(byte) if byte >= 0xA1 else f"\\x{byte:02x}" if byte < 0x80 else f"\\u{byte:04x}"
