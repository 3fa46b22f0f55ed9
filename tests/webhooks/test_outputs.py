"""`portal_webhook`: each message becomes an event of its type, or is refused for good with the reason."""

import pytest

from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.message import Message, Source
from streams.spec import BuildContext, Rules, Severity, StreamIdentity
from webhooks.outputs import PORTAL_WEBHOOK
from webhooks.publish import Event, Publisher

IDENTITY = StreamIdentity(7, 3, "Orders", "events", "sluice", 1)
DEFAULTS = {"event_type": "order.created", "portal_url": "", "secret": "", "headers": {}}
RULES = Rules(portal_url="http://localhost:3000", event_types=frozenset({"order.created"}))


class RecordingPublisher(Publisher):
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.fails = False

    async def publish(self, events):
        if self.fails:
            raise OutputError("PostgreSQL did not take the events")
        self.events += events


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def output(publisher, **config):
    return PORTAL_WEBHOOK.build({**DEFAULTS, **config}, BuildContext(IDENTITY, {Publisher: publisher}))


def message(content: bytes = b'{"action":"created"}', offset: int = 1, **metadata) -> Message:
    source = Source(b"orders/0/%d" % offset, 1_700_000_000_000, f"orders/0@{offset}")
    return Message(content, metadata=metadata, source=source)


async def test_a_message_becomes_an_event(publisher):
    await output(publisher, event_type='order.${! json("action") }').write([message()])
    [event] = publisher.events
    assert (event.event_type, event.body, event.position) == (
        "order.created",
        b'{"action":"created"}',
        "orders/0@1",
    )
    assert (event.organization_id, event.definition_id, event.stream) == (3, 7, "events")
    assert event.record_ms == 1_700_000_000_000


async def test_the_same_record_has_the_same_id_and_another_has_another(publisher):
    first = output(publisher)
    await first.write([message(), message(), message(offset=2)])
    one, again, other = (event.id for event in publisher.events)
    assert one == again != other


async def test_messages_without_a_usable_type_are_refused_and_the_others_go(publisher):
    stream = output(publisher, event_type='${! json("action") }')
    bad = [message(b'{"action":"no spaces"}'), message(b"not json"), message(b'{"action":null}', offset=3)]
    with pytest.raises(BatchError) as raised:
        await stream.write([bad[0], message(offset=9), *bad[1:2]])
    assert [event.event_type for event in publisher.events] == ["created"]
    assert set(raised.value.errors) == {0, 2}
    assert all(isinstance(error, RejectedMessageError) for error in raised.value.errors.values())


async def test_a_message_that_lost_its_source_is_refused(publisher):
    with pytest.raises(BatchError, match="lost its source"):
        await output(publisher).write([Message(b"{}")])


async def test_what_the_database_did_not_take_goes_back_whole(publisher):
    publisher.fails = True
    with pytest.raises(OutputError, match="did not take"):
        await output(publisher).write([message()])


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("text/csv; charset=utf-8", "text/csv; charset=utf-8"),
        ("text/plain\r\nX-Evil: 1", "application/json"),
        (5, "application/json"),
    ],
)
async def test_a_content_type_is_kept_only_if_it_is_one(publisher, given, sent):
    await output(publisher).write([message(**{"Content-Type": given})])
    assert publisher.events[0].content_type == sent


async def test_headers_of_the_stream_go_with_each_event(publisher):
    await output(publisher, headers={"X-Source": "shop"}).write([message()])
    assert publisher.events[0].headers == b"X-Source: shop\r\n"


def problems(**config) -> list[tuple[str, Severity]]:
    found = PORTAL_WEBHOOK.check({**DEFAULTS, **config}, RULES)
    return [(problem.code, problem.severity) for problem in found]


def test_a_sound_body_has_no_problem():
    assert problems() == []
    assert problems(portal_url="http://localhost:3000/anything") == []
    assert problems(event_type='${! meta("type") }') == []


@pytest.mark.parametrize(
    ("config", "code", "severity"),
    [
        ({"portal_url": "https://portal.example"}, "portal_url_elsewhere", Severity.ERROR),
        ({"secret": "s3cret"}, "secret_signs_nothing", Severity.WARNING),
        ({"event_type": "order.lost"}, "event_type_unoffered", Severity.WARNING),
        ({"event_type": "no spaces"}, "event_type_malformed", Severity.ERROR),
        ({"headers": {"Host": "evil"}}, "header_refused", Severity.ERROR),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "header_refused", Severity.ERROR),
    ],
)
def test_a_problem_is_named(config, code, severity):
    assert problems(**config) == [(code, severity)]
