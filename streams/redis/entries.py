"""Entries of streams as messages, and messages as entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streams.bloblang.values import to_string
from streams.message import Message, Source

Entry = tuple[bytes, Mapping[bytes, bytes] | None]
"""An id and fields; without fields, one that was deleted while it was pending."""

_STREAM: Final = "redis_stream"


def message_of(server: str, stream: str, entry: Entry, body_key: str) -> Message | None:
    """The message in an entry; None where it has no body, as in Bento.

    server: where the stream is. The identity is the entry's: its id is never given again in the same stream.
    """
    number, fields = entry[0].decode(), entry[1]
    body = None if fields is None else fields.get(body_key.encode())
    if fields is None or body is None:
        return None
    metadata: dict[str, Any] = {
        name.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for name, value in fields.items()
        if name != body_key.encode()
    }
    metadata[_STREAM] = number
    identity = "\0".join((server, stream, number)).encode()
    made = int(number.partition("-")[0])
    return Message(body, metadata=metadata, source=Source(identity, made, f"{stream}@{number}"))


def fields_of(message: Message, body_key: str, excluded: tuple[str, ...]) -> dict[str, bytes]:
    """The fields of an entry: metadata, and the payload, which is the stronger where both have one name."""
    fields = {
        name: value if isinstance(value, bytes) else to_string(value).encode()
        for name, value in message.metadata.items()
        if not (excluded and name.startswith(excluded))
    }
    return {**fields, body_key: message.content}
