"""The shop of the demonstration: a simulator that fills a topic, and the stream that makes webhooks of it."""

import json
from typing import Any, Final

TOPIC: Final = "shop.orders"
CONNECTION: Final = "kafka"
ORDERS_PATH: Final = "/shop-orders/"

SIMULATE: Final = """\
let number = counter()
let types = ["order.created", "order.paid", "order.shipped"]
root.type = $types.index($number % 3)
root.order = "A-%d".format(1000 + $number)
root.cents = 990 + ($number % 7) * 500
root.currency = "EUR"
root.at = now()
"""

ENRICH: Final = """\
root = this
root.total = "%.2f %s".format(this.cents / 100, this.currency)
"""

EVENT_TYPES: Final = {
    "order.created": "A customer placed an order.",
    "order.paid": "The payment of an order arrived.",
    "order.shipped": "An order left the warehouse.",
}

ORDER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "order", "cents", "currency", "total", "at"],
    "properties": {
        "type": {"type": "string"},
        "order": {"type": "string", "description": "The order's number."},
        "cents": {"type": "integer", "minimum": 0},
        "currency": {"type": "string", "description": "ISO 4217."},
        "total": {"type": "string", "description": "For people to read."},
        "at": {"type": "string", "format": "date-time"},
    },
}


def example(event_type: str) -> dict[str, Any]:
    """An event of a type, as subscribers get it."""
    order = {"type": event_type, "order": "A-1001", "cents": 1490, "currency": "EUR", "total": "14.90 EUR"}
    return {**order, "at": "2026-01-01T12:00:00Z"}


def simulator() -> str:
    """The definition that writes an order into the topic every two seconds, as JSON."""
    stream = {
        "input": {"generate": {"interval": "2s", "mapping": SIMULATE}},
        "output": {"kafka": {"addresses": [CONNECTION], "topic": TOPIC}},
    }
    return json.dumps(document("Shop simulator", "/shop-simulator/", {"orders": stream}), indent=2)


def orders() -> str:
    """The definition that makes webhooks of the topic, and shows it to clients, as JSON."""
    webhooks = {"portal_webhook": {"event_type": '${! json("type") }'}}
    clients = {"http_server": {"path": "/get", "stream_path": "/sse", "ws_path": "/ws"}}
    streams = {
        "orders": _from_topic("shop-orders", webhooks),
        "live": _from_topic("shop-orders-live", clients),
    }
    return json.dumps(document("Shop orders", ORDERS_PATH, streams), indent=2)


def _from_topic(group: str, output: dict[str, Any]) -> dict[str, Any]:
    return {
        "input": {"kafka": {"addresses": [CONNECTION], "topics": [TOPIC], "consumer_group": group}},
        "pipeline": {"processors": [{"mapping": ENRICH}]},
        "output": output,
    }


def document(name: str, listen_path: str, streams: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with streams."""
    gateway = {
        "info": {"name": name, "state": {"active": True}},
        "server": {"listenPath": {"value": listen_path, "strip": True}},
        "upstream": {"url": ""},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1"},
        "paths": {},
        "x-tyk-api-gateway": gateway,
        "x-tyk-streaming": {"streams": streams},
    }
