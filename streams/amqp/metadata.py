"""What AMQP says of a message, as metadata, and metadata as headers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from aio_pika.abc import AbstractIncomingMessage

from streams.bloblang.values import to_string
from streams.message import JsonValue


def metadata_of(incoming: AbstractIncomingMessage) -> dict[str, Any]:
    """Properties and headers as Bento names and writes them: as text, hyphens as underscores, nested ones flat."""
    properties: dict[str, object] = {
        "content_type": incoming.content_type,
        "content_encoding": incoming.content_encoding,
        "delivery_mode": incoming.delivery_mode and int(incoming.delivery_mode),
        "priority": incoming.priority or 0,
        "correlation_id": incoming.correlation_id,
        "reply_to": incoming.reply_to,
        "expiration": _milliseconds(incoming.expiration),
        "message_id": incoming.message_id,
        "timestamp": incoming.timestamp and int(incoming.timestamp.timestamp()),
        "type": incoming.type,
        "user_id": incoming.user_id,
        "app_id": incoming.app_id,
        "consumer_tag": incoming.consumer_tag,
        "delivery_tag": incoming.delivery_tag,
        "redelivered": bool(incoming.redelivered),
        "exchange": incoming.exchange,
        "routing_key": incoming.routing_key,
    }
    found = dict(texts(incoming.headers))
    return found | dict(texts({f"amqp_{name}": value for name, value in properties.items()}))


def headers_of(metadata: dict[str, Any], excluded: tuple[str, ...]) -> dict[str, Any]:
    """Metadata as headers, underscores as hyphens, but those whose names begin with one of `excluded`."""
    return {
        name.replace("_", "-"): field_value(value)
        for name, value in metadata.items()
        if not (excluded and name.startswith(excluded))
    }


def texts(table: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts of what a table or list holds; what is empty is left out."""
    if not isinstance(table, (dict, list)):
        return
    for name, value in table.items() if isinstance(table, dict) else enumerate(table):
        key = f"{prefix}{name}".replace("-", "_")
        if isinstance(value, (dict, list)):
            yield from texts(value, f"{key}_")
        elif text := _text(value):
            yield key, text


def field_value(value: JsonValue) -> Any:
    """A value as the tables of AMQP can hold it: no whole number beyond 64 bits."""
    if isinstance(value, dict):
        return {name: field_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [field_value(item) for item in value]
    if isinstance(value, float):
        return float(value)
    fits = value is None or isinstance(value, (bool, str, bytes))
    fits = fits or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63)
    return value if fits else to_string(value)


def _milliseconds(expiration: object) -> int | None:
    return round(expiration * 1000) if isinstance(expiration, (int, float)) else None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value) if isinstance(value, (str, int, Decimal)) else ""
