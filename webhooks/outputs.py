"""The `portal_webhook` output: hands a stream's messages over to be delivered as signed webhooks."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from gateway.models.event_type import EVENT_TYPE_NAME
from streams.bloblang import Interpolation, MappingError, interpolate
from streams.errors import BatchError, RejectedMessageError
from streams.message import Message
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Severity,
    Shape,
)
from webhooks.publish import Event, Publisher, event_id
from webhooks.request import HeaderError, check_headers, encode_headers

_NAME: Final = re.compile(EVENT_TYPE_NAME)
_DEFAULT_TYPE: Final = "application/json"
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}( *; *[\w.+-]{1,30}=[\w.+-]{1,40})?", re.ASCII)


class PortalWebhook:
    """Publishes every message as an event of a type."""

    def __init__(
        self, event_type: Interpolation, headers: bytes, publisher: Publisher, context: BuildContext
    ) -> None:
        self._event_type = event_type
        self._headers = headers
        self._publisher = publisher
        self._stream = context.stream
        self._key = f"{self._stream.definition_id}/{self._stream.stream_name}".encode()

    async def connect(self) -> None:
        """Nothing to do: the publisher keeps its own connections."""

    async def close(self) -> None:
        """Nothing to do: what was handed over is written."""

    async def write(self, messages: list[Message]) -> None:
        """Return when all events are in the database.

        Raises BatchError for messages that have no usable event type, when the others are written, and OutputError
        when the database did not take them.
        """
        events: list[Event] = []
        rejected: dict[int, Exception] = {}
        for place, message in enumerate(messages):
            try:
                events.append(self._event(message, self._type_of(messages, place)))
            except (MappingError, RejectedMessageError) as error:
                rejected[place] = RejectedMessageError(f"event_type: {error}")
        if events:
            await self._publisher.publish(events)
        if rejected:
            raise BatchError(rejected)

    def _type_of(self, messages: list[Message], place: int) -> str:
        name = self._event_type.resolve(messages, place)
        if not _NAME.match(name):
            raise RejectedMessageError(
                f"{name[:60]!r} is no event type: letters, digits, `_`, `-` and `.`, at most 127, no `.` first"
            )
        return name

    def _event(self, message: Message, event_type: str) -> Event:
        source = message.source
        if source is None:
            raise RejectedMessageError(
                "the message has lost its source; the component that made it is at fault"
            )
        return Event(
            id=event_id(self._key, source.identity, message.ordinal, event_type.encode()),
            organization_id=self._stream.organization_id,
            definition_id=self._stream.definition_id,
            stream=self._stream.stream_name,
            event_type=event_type,
            position=source.position,
            record_ms=source.timestamp_ms,
            body=message.content,
            content_type=_content_type(message),
            headers=self._headers,
        )


def _content_type(message: Message) -> str:
    """The `Content-Type` that came with the message, where it is one: it goes into a request's head."""
    given = message.metadata.get("Content-Type")
    return given if isinstance(given, str) and _MEDIA_TYPE.fullmatch(given) else _DEFAULT_TYPE


def _build(config: Config, context: BuildContext) -> PortalWebhook:
    return PortalWebhook(
        interpolate(config["event_type"]),
        encode_headers(config["headers"].items()),
        context.service(Publisher),
        context,
    )


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    portal_url, event_type = config["portal_url"], config["event_type"]
    if portal_url and rules.portal_url and _origin(portal_url) != _origin(rules.portal_url):
        yield Problem(
            ("portal_url",),
            "portal_url_elsewhere",
            f"{portal_url} is another portal; webhooks are delivered by this one ({rules.portal_url})",
            "leave portal_url out, or name this portal",
        )
    if config["secret"]:
        yield Problem(
            ("secret",),
            "secret_signs_nothing",
            "this secret signs nothing: each endpoint signs with the secret its developer was shown",
            "take secret out of the definition",
            Severity.WARNING,
        )
    yield from _check_event_type(event_type, rules)
    try:
        check_headers(config["headers"])
    except HeaderError as error:
        yield Problem(("headers",), "header_refused", str(error), "rename the header or take it out")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _check_event_type(event_type: str, rules: Rules) -> Iterable[Problem]:
    if "${" in event_type:
        return
    if not _NAME.match(event_type):
        yield Problem(
            ("event_type",),
            "event_type_malformed",
            f"{event_type!r} is no event type",
            "use letters, digits, `_`, `-` and `.`, at most 127, not beginning with `.`",
        )
    elif rules.event_types is not None and event_type not in rules.event_types:
        yield Problem(
            ("event_type",),
            "event_type_unoffered",
            f"no product offers the event type {event_type!r}; its events will be counted as unmatched",
            "add the event type to a product that has this definition",
            Severity.WARNING,
        )


PORTAL_WEBHOOK: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="portal_webhook",
    summary="Delivers each message as a signed webhook to every endpoint that is subscribed to its event type.",
    description=(
        "An event is accepted when it is written to the database, together with a delivery for each endpoint of an"
        " approved subscription to a product with this definition and event type. Its `webhook-id` is made from where"
        " the message was read, so that reading it again adds nothing."
    ),
    fields=(
        Field(
            "event_type",
            FieldType.STRING,
            "The name of the event's type, matched exactly.",
            interpolated=True,
        ),
        Field(
            "portal_url", FieldType.STRING, "This portal, or nothing. Another portal is an error.", default=""
        ),
        Field(
            "secret",
            FieldType.STRING,
            "Accepted for old definitions; it signs nothing.",
            default="",
            secret=True,
        ),
        Field(
            "headers", FieldType.STRING, "Header lines to send with each event.", default={}, shape=Shape.MAP
        ),
    ),
    examples=(
        {"event_type": "order.created"},
        {"event_type": '${! meta("event") }.${! json("action") }', "headers": {"X-Source": "shop"}},
    ),
    build=_build,
    check=_check,
)
