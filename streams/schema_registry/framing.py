"""Messages that begin with the number of their schema: a zero byte, then four bytes, big-endian.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from __future__ import annotations

from typing import Final

_MAGIC: Final = 0
_HEADER: Final = 5


def split(content: bytes) -> tuple[int, bytes]:
    """The number and what follows it. Raises ValueError."""
    if len(content) < _HEADER:
        raise ValueError("the message is too short to begin with the number of a schema")
    if content[0] != _MAGIC:
        raise ValueError(f"the message begins with byte {content[0]} and not with 0, so it names no schema")
    return int.from_bytes(content[1:_HEADER], "big"), content[_HEADER:]


def join(number: int, content: bytes) -> bytes:
    """A message that begins with the number of its schema."""
    return bytes([_MAGIC]) + number.to_bytes(_HEADER - 1, "big") + content
