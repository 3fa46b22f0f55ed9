"""A document is tried in the editor, on real messages of a broker, with and without htmx."""

import json

import pytest

from gateway.actor import Actor
from gateway.models import ApiDefinition, Connection, DefinitionState
from portal.demonstration import shop
from portal.embedded import ports
from tests import factories
from tests.portal.pages.definitions.test_definition_pages import address, saved, simulator, text
from tests.streams.kafka.reading import produce

MAPPING = 'root = if this.noise == true { deleted() } else { {"cents": this.sum.number() * 100} }\nmeta sort = "dear"'
PARTS = ({}, {"HX-Request": "true"})


@pytest.fixture
def orders(publisher, tansu_bootstrap, topic_factory):
    Connection.objects.filter(name="kafka").update(addresses=[tansu_bootstrap])
    topic = topic_factory(tansu_bootstrap)
    produce(tansu_bootstrap, topic, [b'{"sum":1}', b'{"noise":true}', b'{"sum":"<b>many"}'])
    return topic


def written(topic, *processors, **more):
    kafka = {"addresses": ["kafka"], "topics": [topic], "consumer_group": "tried"}
    steps = [{"http": {"url": "http://127.0.0.1:1/"}}, {"mapping": MAPPING}, *processors]
    stream = {"input": {"kafka": kafka}, "pipeline": {"processors": steps}, "output": {"drop": {}}, **more}
    return json.dumps(shop.document("Tried", "/tried/", {"orders": stream}), indent=2)


def tried(document, **chosen):
    return {"document": document.replace("\n", "\r\n"), "messages": "5", **chosen}


@pytest.mark.parametrize("headers", PARTS)
def test_what_came_in_and_what_would_come_out_are_shown_side_by_side(publisher, running, orders, headers):
    document = written(orders)
    page = text(publisher.post("/definitions/dry-run", tried(document), headers=headers))
    assert ("<html" in page) != bool(headers)
    assert page.count("<summary>") == 3
    assert 'id="try-it" type="submit" formaction="/definitions/dry-run#try"' in page, "else the button saves"
    for shown in ("&quot;cents&quot;: 100", "Comes out", "Dropped", "To quarantine", f"{orders}/0@2"):
        assert shown in page
    assert "pipeline.processors.1" in page
    assert "http is not run: it reaches outside the stream" in page
    assert "<b>many" not in page
    assert "&lt;b&gt;many" in page
    line = document[: document.index('"mapping"')].count("\n") + 1
    assert f'data-line="{line}"' in page
    assert '<dt class="mono">sort</dt>' in page
    assert ApiDefinition.objects.filter(organization=running.organization).count() == 1


def test_the_page_keeps_what_was_written_and_what_was_chosen(publisher, running, orders):
    document = written(orders)
    chosen = tried(document, messages="2", topic=orders, connection="kafka", base="a-digest")
    page = text(publisher.post(address(running, "/document/dry-run"), chosen))
    assert "&quot;Tried&quot;" in page
    assert page.count("<summary>") == 2
    for kept in (
        '<option value="2" selected>',
        '<option value="kafka" selected>',
        f'value="{orders}"',
        "a-digest",
    ):
        assert kept in page
    assert "Nothing to mend" in page
    assert "Nothing was changed" not in page
    assert saved(running) == running.document
    assert ApiDefinition.objects.get(pk=running.pk).state == DefinitionState.ACTIVE


@pytest.mark.parametrize("headers", PARTS)
def test_errors_of_the_document_are_its_findings(publisher, orders, headers):
    wrong = written(orders).replace('"topics"', '"topcs"')
    page = text(publisher.post("/definitions/dry-run", tried(wrong), headers=headers), 422)
    assert "It was not tried" in page
    assert "<mark>&quot;topcs&quot;:" in page
    assert "data-line=" in page


def test_of_several_streams_one_is_chosen_from_a_list(publisher, running, orders):
    page = text(publisher.post(address(running, "/document/dry-run"), tried(running.document)), 422)
    assert "the document has several streams" in page.lower()
    assert '<option value="live">live</option>' in page
    chosen = tried(running.document, stream="live", connection="kafka", topic=orders)
    page = text(publisher.post(address(running, "/document/dry-run"), chosen))
    assert "The input kafka does not run" in page
    assert '<option value="live" selected>' in page


@pytest.mark.parametrize("headers", PARTS)
def test_what_cannot_be_read_is_said_with_a_remedy(
    publisher, orders, tansu_bootstrap, topic_factory, headers
):
    empty = topic_factory(tansu_bootstrap)
    page = text(publisher.post("/definitions/dry-run", tried(written(empty)), headers=headers), 422)
    assert "holds no messages" in page
    assert "Write a message to it" in page
    page = text(
        publisher.post("/definitions/dry-run", tried(simulator(path="/tried/")), headers=headers), 422
    )
    assert "reads no topic of Kafka" in page
    assert "Choose a connection and a topic" in page
    Connection.objects.update(addresses=[f"127.0.0.1:{ports.free()}"])
    page = text(publisher.post("/definitions/dry-run", tried(written(empty)), headers=headers), 422)
    assert "No broker answers" in page


@pytest.mark.parametrize("document", ["", "{", "a: [", "x" * 1_000_001, "openapi: \x00"])
def test_whatever_is_pasted_is_refused_and_never_fails(publisher, document):
    text(publisher.post("/definitions/dry-run", {"document": document, "messages": "5"}), 422)
    for messages in ("0", "21", "many", ""):
        text(publisher.post("/definitions/dry-run", {"document": simulator(), "messages": messages}), 422)


def test_connections_of_others_are_neither_offered_nor_read(publisher, estate, orders):
    theirs = factories.ConnectionFactory(name="theirs")
    theirs.organizations.set([estate.stranger.organization])
    factories.ConnectionFactory(name="queue", kind="nats")
    page = text(publisher.get("/definitions/new"))
    assert "Try it" in page
    for name in ("theirs", "queue"):
        assert f'value="{name}"' not in page
    chosen = tried(simulator(path="/tried/"), connection="theirs", topic=orders)
    assert "There is no connection &#x27;theirs&#x27;" in text(
        publisher.post("/definitions/dry-run", chosen), 422
    )


def test_who_only_reads_a_definition_is_not_offered_to_try_it(running, signed_in):
    member = factories.MembershipFactory(organization=running.organization, role="developer")
    reader = signed_in(Actor(member.user, member.organization, member.role))
    assert "Try it" not in text(reader.get(address(running, "/document")))
