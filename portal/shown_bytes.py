"""Bytes of a message as a page shows them: JSON, another text, or hexadecimal; never too many."""

import json
from dataclasses import dataclass
from typing import Final

MOST_SHOWN: Final = 8_192
_HEX_BYTES: Final = 512
_HEX_ROW: Final = 16
_PERMITTED: Final = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True)
class ShownBytes:
    """Some bytes, and what they are."""

    kind: str
    """`JSON`, `Text`, `Bytes` or `Empty`."""
    text: str
    shown: int
    """Bytes that `text` shows."""
    size: int
    """Bytes there are."""

    @property
    def is_cut(self) -> bool:
        """Whether there are more bytes than are shown."""
        return self.shown < self.size


def shown_bytes(content: bytes, size: int | None = None) -> ShownBytes:
    """Return how to show the beginning of some bytes; size: of all, where `content` is cut already."""
    whole = len(content) if size is None else size
    if not content:
        return ShownBytes("Empty", "", 0, whole)
    if len(content) == whole <= MOST_SHOWN and (indented := _indented(content)) is not None:
        return ShownBytes("JSON", indented, whole, whole)
    text = text_of(content[:MOST_SHOWN], cut=whole > MOST_SHOWN)
    if text is not None:
        return ShownBytes("Text", text, min(len(content), MOST_SHOWN), whole)
    return ShownBytes("Bytes", _hexadecimal(content[:_HEX_BYTES]), min(len(content), _HEX_BYTES), whole)


def text_of(content: bytes, *, cut: bool = False) -> str | None:
    """Return bytes as text that a form can hold; None where they are none. cut: the last character may be broken."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        if not cut or error.start < len(content) - 3:
            return None
        text = content[: error.start].decode()
    return text if all(character.isprintable() or character in _PERMITTED for character in text) else None


def _indented(content: bytes) -> str | None:
    try:
        value = json.loads(content)
        return json.dumps(value, indent=2, ensure_ascii=False) if text_of(content) is not None else None
    except (ValueError, RecursionError):
        return None


def _hexadecimal(content: bytes) -> str:
    rows = (content[start : start + _HEX_ROW] for start in range(0, len(content), _HEX_ROW))
    return "\n".join(row.hex(" ") for row in rows)
