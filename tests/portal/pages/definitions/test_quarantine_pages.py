"""Messages in quarantine are looked at, mended, retried and dropped on pages."""

import pytest

from gateway.models import Quarantine, QuarantineState
from tests import factories
from tests.portal.pages.definitions.test_definition_pages import address, text


def where(held, step=""):
    return address(held.definition, f"/quarantine/{held.pk}{step}")


def states():
    return dict(Quarantine.objects.values_list("position", "state"))


def test_a_held_message_is_listed_with_its_error_and_shown_with_its_bytes(publisher, held):
    assert "expected number value, got string" in text(publisher.get(address(held.definition, "/quarantine")))
    page = text(publisher.get(where(held)))
    for shown in ("A-1001", "kafka_topic", "pipeline.processors.0", "shop.orders/0@42", "Mend and retry"):
        assert shown in page
    assert "None in this state" in text(publisher.get(address(held.definition, "/quarantine?state=retried")))


def test_a_mended_message_is_retried_with_the_line_ends_it_came_with(publisher, held):
    Quarantine.objects.update(content=b"a: 1\nb: x\n")
    answer = publisher.post(where(held), {"content": "a: 1\r\nb: 2\r\n"})
    assert answer["Location"] == address(held.definition, "/quarantine")
    kept = Quarantine.objects.get()
    assert (kept.state, bytes(kept.edited), bytes(kept.content)) == (
        QuarantineState.RETRYING,
        b"a: 1\nb: 2\n",
        b"a: 1\nb: x\n",
    )
    page = text(publisher.get(where(held)))
    assert "What was retried in its place" in page
    assert "by " in page


def test_what_was_decided_meanwhile_is_said_and_stays(publisher, held):
    publisher.post(where(held, "/discard"))
    page = text(publisher.post(where(held), {"content": "{}"}), 422)
    assert "discarded already" in page
    publisher.post(where(held, "/retry"))
    assert "discarded already" in text(publisher.get(address(held.definition, "/quarantine")))
    assert states() == {held.position: "discarded"}


@pytest.mark.parametrize("content", [b"\x00\xff", b"", b"\xed\xa0\x80", b"x" * 20_000])
def test_a_message_of_any_bytes_can_be_shown_and_retried_as_it_is(publisher, held, content):
    Quarantine.objects.update(content=content)
    text(publisher.get(where(held)))
    publisher.post(where(held, "/retry"))
    assert Quarantine.objects.get().state == QuarantineState.RETRYING


def test_many_are_decided_at_once(publisher, held):
    others = [factories.QuarantineFactory(definition=held.definition, position=f"o/0@{n}") for n in range(3)]
    stranger = factories.QuarantineFactory(position="stranger")
    page, many = address(held.definition, "/quarantine"), address(held.definition, "/quarantine/decisions")
    for nothing in ([], ["x"], [10**30]):
        form = {"decision": "retry", "messages": nothing}
        assert "tick some first" in text(publisher.post(many, form, follow=True))
    chosen = [held.pk, others[0].pk, stranger.pk]
    said = text(publisher.post(many, {"decision": "retry", "messages": chosen}, follow=True))
    assert "2 messages are to be retried" in said
    assert "Discard 2 held messages" in text(publisher.get(f"{page}/discard-all"))
    assert "This is not" in text(publisher.post(f"{page}/discard-all", {"typed": "all"}), 422)
    publisher.post(f"{page}/discard-all", {"typed": held.definition.name})
    assert states() == {
        held.position: "retrying",
        "o/0@0": "retrying",
        "o/0@1": "discarded",
        "o/0@2": "discarded",
        "stranger": "held",
    }
    publisher.post(f"{page}/retry-all")
    assert states()["o/0@1"] == "discarded"


def test_a_message_of_another_definition_is_not_under_this_one(publisher, held):
    other = factories.ApiDefinitionFactory(organization=held.definition.organization)
    assert publisher.get(address(other, f"/quarantine/{held.pk}")).status_code == 404
    assert publisher.post(address(other, f"/quarantine/{held.pk}/retry")).status_code == 404
