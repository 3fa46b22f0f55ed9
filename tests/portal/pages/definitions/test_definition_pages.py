"""Pages of definitions: what is shown, saved, run, stopped and rolled back."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.models import ApiDefinition, Audit, DefinitionState
from portal.demonstration import shop
from tests import factories
from tests.portal.pages.conftest import LONG_NAME

MOST_QUERIES = 15


def text(response, status=200):
    assert response.status_code == status, (response.status_code, response.content.decode()[:2000])
    return response.content.decode()


def address(definition, page=""):
    return f"/definitions/{definition.public_id}{page}"


def saved(definition):
    return ApiDefinition.objects.get(pk=definition.pk).document


def simulator(name="Shop simulator", path="/shop-simulator/"):
    stream = {"input": {"generate": {"mapping": "root = {}"}}, "output": {"drop": {}}}
    return json.dumps(shop.document(name, path, {"orders": stream}), indent=2)


def test_the_list_says_how_each_runs(publisher, running, held):
    factories.InstanceFactory(definition=running, stream="orders", state="unhealthy")
    factories.ApiDefinitionFactory(organization=running.organization, name=LONG_NAME)
    page = text(publisher.get("/definitions"))
    assert LONG_NAME in page
    assert "1 held" in page
    assert "Unhealthy" in page
    assert "Draft" in page
    assert "Draft differs" not in page
    found = text(publisher.get("/definitions?state=draft&q=sixty"))
    assert LONG_NAME in found
    assert "Shop orders" not in found
    assert "Nothing matches" in text(publisher.get("/definitions?q=zeppelin%00"))


def test_an_organization_without_definitions_is_told_how_to_begin(estate, signed_in):
    page = text(signed_in(estate.stranger).get("/definitions"))
    assert "Make the first" in page
    assert "Shop orders" not in page


def test_the_page_of_a_definition_shows_what_runs_and_where_clients_call(publisher, running, estate):
    factories.InstanceFactory(
        definition=running,
        stream="orders",
        lag=7,
        partitions={"shop.orders": [0, 1]},
        last_error="the broker is away",
        last_error_at=timezone.now(),
    )
    factories.InstanceFactory(
        definition=running, host="dead.example", seen_at=timezone.now() - dt.timedelta(minutes=1)
    )
    page = text(publisher.get(address(running)))
    for shown in ("shop.orders", "/shop-orders/sse", "the broker is away", "Deactivate", estate.public.name):
        assert shown in page
    assert "ws://" in page
    assert "dead.example" not in page
    assert "the broker is away" in text(publisher.get(address(running, "/instances")))


def test_a_document_is_checked_while_it_is_written(publisher, running):
    wrong = running.document.replace('"topics"', '"topcs"')
    found = text(publisher.post(address(running, "/document/check"), {"document": wrong}))
    line = wrong[: wrong.index('"topcs"')].count("\n") + 1
    assert f'data-line="{line}"' in found
    assert "<mark>" in found
    assert "topcs" in found
    assert "<html" not in found
    assert "Nothing to mend" in text(
        publisher.post(address(running, "/document/check"), {"document": running.document})
    )
    assert saved(running) == running.document


def test_who_was_signed_out_meanwhile_gets_no_sign_in_page_into_the_page(client, running):
    part = client.get(address(running, "/instances"), headers={"HX-Request": "true"})
    assert (part.status_code, part.content) == (401, b"")
    checked = client.post("/definitions/check", {"document": "{}"}, headers={"HX-Request": "true"})
    assert checked.status_code == 401
    assert client.get(address(running, "/instances")).status_code == 302


@pytest.mark.parametrize("document", ["", "{", "a: [", "[]", "x" * 1_000_001, "openapi: \x00"])
def test_whatever_is_pasted_has_findings_or_none_and_never_fails(publisher, running, document):
    text(publisher.post("/definitions/check", {"document": document}))
    text(publisher.post("/definitions/new", {"document": document}), 422)
    assert saved(running) == running.document
    assert ApiDefinition.objects.filter(organization=running.organization).count() == 1


def test_errors_are_shown_in_place_and_nothing_is_saved(publisher, running):
    wrong = running.document.replace('"mapping": "', '"mapping": "root = this.a.uppercase(').replace(
        "\n", "\r\n"
    )
    page = text(publisher.post(address(running, "/document"), {"document": wrong, "activate": "true"}), 422)
    assert "Nothing was changed" in page
    assert "data-line=" in page
    assert "<mark>" in page
    assert saved(running) == running.document


@pytest.mark.parametrize("begin", ["kafka-to-webhook", "kafka-to-sse", "post-to-kafka"])
def test_a_definition_is_made_from_a_starting_point(publisher, running, begin):
    page = publisher.get(f"/definitions/new?from={begin}&connection=kafka&topic=parcels")
    document = page.context["form"]["document"].value()
    assert "parcels" in document
    answer = publisher.post(f"/definitions/new?from={begin}", {"document": document, "activate": "true"})
    made = ApiDefinition.objects.get(name__startswith="parcels")
    assert answer["Location"] == address(made)
    assert made.state == DefinitionState.ACTIVE
    assert "Revision 1 runs" in text(publisher.get(address(made)))


def test_a_pasted_document_is_a_draft_until_it_is_activated(publisher, running):
    publisher.post("/definitions/new", {"document": simulator(), "activate": ""})
    made = ApiDefinition.objects.get(name="Shop simulator")
    assert made.state == DefinitionState.DRAFT
    assert "It does not run" in text(publisher.get(address(made)))
    asked = text(publisher.get(address(made, "/activate")))
    assert "Nothing of it runs now" in asked
    assert publisher.post(address(made, "/activate"), {"note": "the first"})["Location"] == address(made)
    made.refresh_from_db()
    assert (made.state, made.active_revision.note) == (DefinitionState.ACTIVE, "the first")


def test_who_wrote_while_another_saved_overwrites_nothing(publisher, running):
    form = {"document": running.document + "\n", "activate": "", "base": "of another document"}
    page = text(publisher.post(address(running, "/document"), form), 422)
    assert "somebody saved another document while you wrote" in page
    assert "bring your changes over" in page
    assert saved(running) == running.document
    shown = publisher.get(address(running, "/document")).context["form"]["base"].value()
    publisher.post(address(running, "/document"), form | {"base": shown})
    assert saved(running) == running.document + "\n"


def test_a_saved_draft_leaves_what_runs_and_shows_how_it_differs(publisher, running):
    changed = running.document.replace("shop.orders", "shop.parcels")
    publisher.post(address(running, "/document"), {"document": changed, "activate": ""})
    running.refresh_from_db()
    assert running.active_revision.number == 1
    assert "Draft differs" in text(publisher.get(address(running)))
    asked = text(publisher.get(address(running, "/activate")))
    assert "shop.parcels" in asked
    assert '<span class="removed">' in asked
    publisher.post(address(running, "/activate"), {"note": ""})
    page = text(publisher.get(address(running, "/revisions/compare?from=1&to=2")))
    assert "shop.parcels" in page
    assert "They are the same" in text(publisher.get(address(running, "/revisions/compare?from=2&to=draft")))


@pytest.mark.parametrize("asked", ["from=9", "from=x", "to=-1", "from=1&to=99999999999999999999"])
def test_revisions_that_are_not_there_are_not_compared(publisher, running, asked):
    assert publisher.get(address(running, f"/revisions/compare?{asked}")).status_code == 404


def test_an_earlier_revision_runs_again_after_a_question(publisher, running):
    first = running.document
    publisher.post(
        address(running, "/document"),
        {"document": first.replace("shop.orders", "shop.parcels"), "activate": "true"},
    )
    page = text(publisher.get(address(running, "/revisions")))
    assert page.count("What it changed") == 2
    assert "runs again" in text(publisher.get(address(running, "/revisions/1/roll-back")))
    assert publisher.post(address(running, "/revisions/1/roll-back"))["Location"] == address(
        running, "/revisions"
    )
    running.refresh_from_db()
    assert (running.document, running.active_revision.number) == (first, 3)
    assert publisher.get(address(running, "/revisions/99999999999/roll-back")).status_code == 404


def test_who_is_met_is_counted_before_a_definition_stops(publisher, running, estate):
    page = text(publisher.get(address(running, "/deactivate")))
    assert "no gateway process could be asked" in page
    assert "1 subscription receives nothing" in page
    assert "3 webhook endpoints" in page
    publisher.post(address(running, "/deactivate"))
    running.refresh_from_db()
    assert running.state == DefinitionState.DRAFT
    assert Audit.objects.filter(verb="definition.deactivate", actor=estate.actor.user).exists()


def test_a_definition_is_deleted_once_its_name_is_typed_and_no_product_needs_it(publisher, running, estate):
    wrong = publisher.post(address(running, "/delete"), {"typed": "something"})
    assert "This is not Shop orders" in text(wrong, 422)
    assert address(running, "/delete") not in text(publisher.get(address(running)))
    used = publisher.post(address(running, "/delete"), {"typed": "Shop orders"})
    assert "take it out of the product first" in text(used, 422).lower()
    estate.public.definitions.clear()
    assert address(running, "/delete") in text(publisher.get(address(running)))
    publisher.post(address(running, "/delete"), {"typed": "Shop orders"})
    assert not ApiDefinition.objects.filter(pk=running.pk).exists()


def test_a_viewer_reads_and_is_offered_nothing_to_change(estate, signed_in, running, held):
    viewer = factories.MembershipFactory(organization=running.organization, role="viewer")
    client = signed_in(viewer)
    assert 'href="/connections"' not in text(client.get("/definitions"))
    for page in ("", "/document", "/revisions", "/quarantine", f"/quarantine/{held.pk}"):
        shown = text(client.get(address(running, page)))
        for offered in (
            "Activate<",
            "Deactivate",
            "Save as",
            "Retry ",
            "Discard<",
            "Discard ",
            "Roll back",
            "Delete",
        ):
            assert offered not in shown, (page, offered)


def test_what_a_publisher_wrote_is_shown_as_text(publisher, running):
    hostile = running.document.replace("Shop orders", "<script>alert(1)</script>").replace(
        '"topics"', '"<b>"'
    )
    page = text(publisher.post(address(running, "/document"), {"document": hostile}), 422)
    assert "<script>alert" not in page
    assert "<b>" not in page


@pytest.mark.parametrize("page", ["", "/document", "/revisions", "/quarantine", "/activate", "/deactivate"])
def test_a_page_asks_the_database_few_questions(publisher, running, held, page):
    for _ in range(5):
        factories.InstanceFactory(definition=running, stream="live")
        factories.QuarantineFactory(definition=running)
        factories.ApiDefinitionFactory(organization=running.organization)
        factories.AuditFactory(
            organization=running.organization, object_type="definition", object_id=running.public_id
        )
    for asked in (address(running, page), "/definitions"):
        with CaptureQueriesContext(connection) as queries:
            text(publisher.get(asked))
        assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
