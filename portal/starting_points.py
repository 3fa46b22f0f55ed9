"""Documents to begin a definition with, filled with what is known already."""

import json
import re
from dataclasses import dataclass
from typing import Final

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
"""Of topics (Kafka's own rule), connections and event types."""
_TO_WEBHOOK: Final = """\
      input:
        kafka:
          addresses: [{connection}]
          topics: [{topic}]
          consumer_group: {group}
      pipeline:
        processors:
          # Bloblang: root is what is sent, this is what came from the topic.
          - mapping: |
              root = this
      output:
        portal_webhook:
          # Subscribers choose event types by name. ${{! json("type") }} takes it from the message.
          event_type: {event_type}
"""
_TO_CLIENTS: Final = """\
      input:
        kafka:
          addresses: [{connection}]
          topics: [{topic}]
          consumer_group: {group}
      pipeline:
        processors:
          # Bloblang: root is what is sent, this is what came from the topic.
          - mapping: |
              root = this
      output:
        http_server:
          # Under the listen path: server-sent events, WebSocket, and one message a GET.
          stream_path: /sse
          ws_path: /ws
          path: /get
"""
_FROM_POST: Final = """\
      input:
        http_server:
          # Under the listen path. A POST is answered once Kafka has the message.
          path: /post
      pipeline:
        processors:
          # Bloblang: root is what is written, this is what was posted.
          - mapping: |
              root = this
      output:
        kafka:
          addresses: [{connection}]
          topic: {topic}
"""
_DOCUMENT: Final = """\
openapi: 3.0.3
info:
  title: {name}
  version: "1"
paths: {{}}
x-tyk-api-gateway:
  info:
    name: {name}
    state:
      active: true
  server:
    listenPath:
      value: {listen_path}
      strip: true
  upstream:
    url: ""
x-tyk-streaming:
  streams:
    {stream}:
"""


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A kind of definition that many begin with."""

    slug: str
    title: str
    text: str
    """What it does, for whom."""
    stream: str
    """Its stream, as a format of YAML."""
    suffix: str
    """Of its path and consumer group, so that several begin with one topic."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a document is filled with; what is not known, or no name, gets one to replace."""

    connection: str = ""
    topic: str = ""
    event_type: str = ""


STARTING_POINTS: Final = (
    StartingPoint(
        "kafka-to-webhook",
        "Kafka to webhook",
        "Each record of a topic becomes an event, sent to subscribers' endpoints as a signed webhook.",
        _TO_WEBHOOK,
        "webhooks",
    ),
    StartingPoint(
        "kafka-to-sse",
        "Kafka to SSE and WebSocket",
        "Subscribers read a topic live from the gateway, and go on where they were after a break.",
        _TO_CLIENTS,
        "live",
    ),
    StartingPoint(
        "post-to-kafka",
        "POST to Kafka",
        "Subscribers post messages to the gateway, which answers once the topic has them.",
        _FROM_POST,
        "inbox",
    ),
)


def starting_document(point: StartingPoint, known: Known) -> str:
    """Return the document of a starting point, as YAML with comments."""
    topic = _named(known.topic, "orders")
    base = _SLUG.sub("-", topic.lower()).strip("-") or "orders"
    values = {
        "name": f"{topic} {point.suffix}",
        "listen_path": f"/{base}-{point.suffix}/",
        "stream": base,
        "group": f"{base}-{point.suffix}",
        "connection": _named(known.connection, "main"),
        "topic": topic,
        "event_type": _named(known.event_type, "order.created"),
    }
    # A name as a JSON string is a YAML string.
    return (_DOCUMENT + point.stream).format(**{name: json.dumps(value) for name, value in values.items()})


def _named(text: str, otherwise: str) -> str:
    return text if _NAME.fullmatch(text) else otherwise
