"""The internal topic of a stream that cannot be replayed: what its one run made, for every gateway process to read."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,180}")

METADATA_HEADER: Final = "sluice-metadata"
"""The header that holds a message's metadata as a JSON object."""


@dataclass(frozen=True, slots=True)
class InternalTopics:
    """Where internal topics live; components and readers are handed it as a service."""

    bootstrap_servers: str
    """host:port, several separated by commas."""
    retention_hours: int = 24
    partitions: int = 1
    """Of topics that are made from now on."""


def topic_name(definition_id: int, stream_name: str) -> str:
    """The internal topic of a stream: `sluice.<definition>.<stream>`.

    A stream's name that is no part of a Kafka topic's name is replaced by what is left of it and a digest.
    """
    if _PLAIN.fullmatch(stream_name):
        return f"sluice.{definition_id}.{stream_name}"
    digest = blake2b(stream_name.encode(), digest_size=8).hexdigest()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stream_name)[:100]
    return f"sluice.{definition_id}.{plain}.{digest}"
