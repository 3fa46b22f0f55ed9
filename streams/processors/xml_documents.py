"""Where one XML document ends and the next begins, in time that grows with the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TAG: Final = re.compile(rb"</?[^<>\"'/!?](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_BESIDE: Final = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"), (b"<!", b">"))
"""What begins like a tag and is none, and how it ends."""


def divide_xml(content: bytes) -> Iterator[bytes]:
    """The documents of a text, each up to the end of its element. Raises ValueError for one without an end."""
    start = 0
    while (end := _document_end(content, start)) is not None:
        yield content[start:end]
        start = end


def _document_end(content: bytes, at: int) -> int | None:
    """Where the next document ends; None when there is no further element."""
    depth = 0
    while (at := content.find(b"<", at)) >= 0:
        after = _after_beside(content, at)
        if after is None:
            tag = _TAG.match(content, at)
            if tag is None:
                raise ValueError("failed to parse an XML document: a tag has no end")
            depth += _change(tag[0])
            after = tag.end()
            if depth <= 0:
                return after
        at = after
    if depth:
        raise ValueError("failed to parse an XML document: an element has no end")
    return None


def _after_beside(content: bytes, at: int) -> int | None:
    """The end of a comment, text, instruction or declaration that begins here; None when it is a tag."""
    for opening, closing in _BESIDE:
        if content.startswith(opening, at):
            end = content.find(closing, at + len(opening))
            if end < 0:
                raise ValueError(f"failed to parse an XML document: {opening.decode()} has no end")
            return end + len(closing)
    return None


def _change(tag: bytes) -> int:
    if tag.startswith(b"</"):
        return -1
    return 0 if tag.endswith(b"/>") else 1
