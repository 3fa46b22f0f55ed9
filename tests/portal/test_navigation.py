from types import SimpleNamespace

import pytest

from gateway.models import Role
from portal.navigation import navigation


def entries(role, path="/"):
    actor = SimpleNamespace(role=role) if role else None
    return {entry.text: entry for section in navigation(actor, path) for entry in section.entries}


def test_who_did_not_sign_in_is_led_to_the_catalogue_alone():
    assert list(entries(None)) == ["Catalogue"]


@pytest.mark.parametrize("role", Role)
def test_every_member_is_led_to_what_is_consumed(role):
    assert {"Catalogue", "My apps"} <= entries(role).keys()


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", "Catalogue"), ("/products/orders", "Catalogue"), ("/apps", "My apps"), ("/apps/7", "My apps")],
)
def test_the_entry_of_a_page_is_marked(path, current):
    assert [text for text, entry in entries(Role.OWNER, path).items() if entry.is_current] == [current]


def test_an_address_that_only_begins_alike_is_not_marked():
    assert not any(entry.is_current for entry in entries(Role.OWNER, "/applause").values())
