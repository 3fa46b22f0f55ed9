"""From a connection to a definition that runs, in a real browser; and every page of the way at both widths."""

import json

import pytest

from gateway.models import ApiDefinition, Connection
from tests import factories
from tests.portal.pages.browsing import WALKED, inspect, inspect_shown, open_page, stay_signed_in
from tests.portal.pages.conftest import LONG_NAME
from tests.streams.kafka.reading import produce

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TOPIC = "a-topic-of-sixty-characters-that-breaks-what-is-not-careful"


@pytest.fixture
def topic(estate, tansu_bootstrap, topic_factory):
    Connection.objects.filter(name="kafka").update(addresses=[tansu_bootstrap])
    topic_factory(tansu_bootstrap, name=TOPIC)
    produce(tansu_bootstrap, TOPIC, [json.dumps({"order": LONG_NAME}).encode()])
    return TOPIC


@pytest.mark.parametrize("width", WALKED)
def test_from_a_connection_to_a_definition_that_runs(browser, live_server, publisher, topic, width):
    page = open_page(browser, width)
    stay_signed_in(page, live_server, publisher)
    inspect(page, f"{live_server.url}/connections", f"{width}-connections")
    page.get_by_role("link", name="kafka", exact=True).click()
    page.get_by_text("It works").wait_for()
    inspect_shown(page, f"{width}-connection")
    page.get_by_role("link", name=topic).click()
    page.get_by_text(LONG_NAME).first.wait_for()
    inspect_shown(page, f"{width}-topic")
    page.get_by_role("link", name="Kafka to webhook").click()
    editor = page.get_by_role("textbox", name="Document")
    good = editor.input_value()
    assert topic in good

    editor.fill(good.replace("consumer_group", "consumer_grupp"))
    place = page.locator("[data-line]").first
    place.wait_for()
    inspect_shown(page, f"{width}-editor-errors")
    place.click()
    at = editor.evaluate("text => text.value.slice(text.selectionStart, text.selectionStart + 14)")
    assert at == "consumer_grupp"
    assert editor.evaluate("text => document.activeElement === text")
    numbers = page.locator(".gutter").inner_text().split("\n")
    assert numbers[-1] == str(len(good.split("\n")))

    editor.fill(good)
    page.locator("[data-line]").filter(has_text="Line").first.wait_for(state="detached")
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("Would come out").wait_for()
    assert page.locator("#try").get_by_text(LONG_NAME).count() > 1
    page.get_by_label("Topic").fill(topic)
    with page.expect_response("**/dry-run") as answer:
        page.get_by_label("Topic").press("Enter")
    assert answer.value.ok
    assert editor.input_value() == good
    inspect_shown(page, f"{width}-dry-run")
    page.get_by_role("button", name="Save and activate").click()
    page.get_by_text("Revision 1 runs within two seconds").wait_for()
    page.get_by_role("link", name="Deactivate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Nobody is subscribed to it").wait_for()
    inspect_shown(page, f"{width}-deactivate")
    dialog.get_by_role("button", name="Deactivate").click()
    page.get_by_text("stops within two seconds").wait_for()
    assert ApiDefinition.objects.filter(name__startswith=topic, state="draft").count() == 1
    assert page.errors == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(("width", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_pages_of_a_definition_are_whole_and_readable(
    browser, live_server, publisher, running, held, width, scheme
):
    fill(running)
    client = open_page(browser, width, scheme)
    stay_signed_in(client, live_server, publisher)
    own = f"{live_server.url}/definitions/{running.public_id}"
    for name, address in (
        ("overview", own),
        ("document", f"{own}/document"),
        ("revisions", f"{own}/revisions"),
        ("quarantine", f"{own}/quarantine"),
        ("quarantined", f"{own}/quarantine/{held.pk}"),
        ("activate", f"{own}/activate"),
        ("list", f"{live_server.url}/definitions"),
    ):
        inspect(client, address, f"{width}-{scheme}-definition-{name}")
    assert client.errors == []


def fill(running):
    """Long names, an unhealthy instance, a draft that differs."""
    ApiDefinition.objects.filter(pk=running.pk).update(
        name=LONG_NAME, document=running.document.replace("shop.orders", LONG_NAME)
    )
    factories.InstanceFactory(
        definition=running,
        stream=LONG_NAME,
        host=f"{LONG_NAME}.example",
        state="unhealthy",
        partitions={LONG_NAME: list(range(12))},
        lag=1234567,
        last_error=f"broker {LONG_NAME} is away",
        last_error_at=running.updated_at,
    )
    factories.QuarantineFactory.create_batch(
        3, definition=running, error="x" * 300, position=f"{LONG_NAME}/0@1"
    )


def test_without_javascript_errors_stand_in_place_and_a_definition_is_saved(
    browser, live_server, publisher, running
):
    page = open_page(browser, "phone", java_script_enabled=False)
    stay_signed_in(page, live_server, publisher)
    page.goto(f"{live_server.url}/definitions/{running.public_id}/document")
    editor = page.get_by_role("textbox", name="Document")
    good = editor.input_value()
    editor.fill(good.replace("consumer_group", "consumer_grupp", 1))
    page.get_by_role("button", name="Save as draft").click()
    assert page.get_by_text("Nothing was changed").count() == 1
    assert page.locator("mark").first.inner_text() == '"consumer_grupp":'
    editor.fill(good)
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_text("is saved").wait_for()
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text("stops within two seconds").wait_for()
