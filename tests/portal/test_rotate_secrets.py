"""After `rotate_secrets` the old key may go."""

import pytest
from django.core.management import CommandError, call_command

from gateway.actor import Actor
from gateway.connections import create_connection, password_of
from gateway.models import App, Organization, Role
from webhooks.endpoints import create_endpoint, decrypt_headers, decrypt_keys

pytestmark = pytest.mark.django_db
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def actor() -> Actor:
    return Actor(None, Organization.objects.create(name="Partner", slug="partner"), Role.OWNER)


def test_secrets_headers_and_passwords_are_read_with_the_new_key_alone(settings, actor):
    settings.KEY_RING = (OLD,)
    app = App.objects.create(organization=actor.organization, name="Till")
    secret = "a text of at least 24 bytes"
    endpoint = create_endpoint(
        actor, app, url="https://till.example/", secret=secret, headers={"X-Till": "7"}
    ).endpoint
    connection = create_connection(actor, name="kafka", addresses=["kafka:9092"], password="p4ss")
    settings.KEY_RING = (NEW, OLD)
    call_command("rotate_secrets")
    settings.KEY_RING = (NEW,)
    endpoint.refresh_from_db()
    connection.refresh_from_db()
    assert decrypt_keys(endpoint, [endpoint.secrets.get().ciphertext]) == [secret.encode()]
    assert decrypt_headers(endpoint) == {"X-Till": "7"}
    assert password_of(connection) == "p4ss"


def test_a_missing_old_key_is_named_and_nothing_changes(settings, actor):
    settings.KEY_RING = (OLD,)
    connection = create_connection(actor, name="kafka", addresses=["kafka:9092"], password="p4ss")
    settings.KEY_RING = (NEW,)
    with pytest.raises(CommandError, match="not on SLUICE_KEY_RING"):
        call_command("rotate_secrets")
    settings.KEY_RING = (OLD,)
    connection.refresh_from_db()
    assert password_of(connection) == "p4ss"
