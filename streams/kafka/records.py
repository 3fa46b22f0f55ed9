"""Records of Kafka as messages."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final
from zlib import crc32

from confluent_kafka import Message as Record

from streams.message import Message, Source

_NUMBERS: Final = struct.Struct(">qqiIiI")
_NO_KEY: Final = -1


class PartitionRecords:
    """Makes messages of the records of one partition.

    A record's identity names the cluster, topic, partition, offset and timestamp, and the length and CRC-32 of
    key and value: a topic deleted and made anew repeats offsets, and the rest tells its records from the old
    ones. No longer digest is needed, as two records would have to share all of that within a millisecond.
    """

    def __init__(self, cluster_id: str, topic: str, partition: int, *, multi_header: bool) -> None:
        self._topic = topic
        self._partition = partition
        self._prefix = b"%d:%b%d:%b%d:" % (
            len(cluster_id), cluster_id.encode(), len(topic), topic.encode(), partition
        )  # fmt: skip
        self._multi_header = multi_header

    def messages(self, records: Sequence[Record], high_watermark: int) -> list[Message]:
        """The records as messages, with Bento's metadata. high_watermark: the offset after the last record."""
        return [self._message(record, high_watermark) for record in records]

    def _message(self, record: Record, high_watermark: int) -> Message:
        key: bytes | None = record.key()
        value: bytes | None = record.value()
        offset: int = record.offset()  # type: ignore[assignment]  # a consumed record has one
        timestamp: int = max(record.timestamp()[1], 0)
        headers = record.headers()
        metadata = self._headers(headers) if headers else {}
        metadata["kafka_key"] = key.decode("utf-8", "replace") if key else ""
        metadata["kafka_topic"] = self._topic
        metadata["kafka_partition"] = self._partition
        metadata["kafka_offset"] = offset
        metadata["kafka_lag"] = max(0, high_watermark - offset - 1)
        metadata["kafka_timestamp_unix"] = timestamp // 1000
        metadata["kafka_timestamp_unix_ms"] = timestamp
        metadata["kafka_tombstone_message"] = value is None
        content = value or b""
        identity = self._prefix + _NUMBERS.pack(
            offset, timestamp, _NO_KEY if key is None else len(key), crc32(key or b""),
            _NO_KEY if value is None else len(value), crc32(content),
        )  # fmt: skip
        source = Source(identity, timestamp, f"{self._topic}/{self._partition}@{offset}")
        return Message(content, metadata=metadata, source=source)

    def _headers(self, headers: Any) -> dict[str, Any]:
        texts = [(name, (value or b"").decode("utf-8", "replace")) for name, value in headers]
        if not self._multi_header:
            return dict(texts)
        lists: dict[str, Any] = {}
        for name, text in texts:
            lists.setdefault(name, []).append(text)
        return lists
