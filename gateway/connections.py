"""Connections: the brokers that the operator allows, under names."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.models import Connection, Organization
from gateway.records import save_checked, set_fields, set_members
from streams.connections import Connections, ConnectionSettings
from streams.secrets import KeyRing

PASSWORD_PURPOSE: Final = "connection-password"  # noqa: S105 - what it is for, not a secret
"""The `purpose` that a connection's password is encrypted for; the `row` is the connection's name."""


@transaction.atomic
def create_connection(actor: Actor, *, name: str, password: str = "", **values: Any) -> Connection:
    """Make a connection; values: fields of Connection, `organizations` as rows. Raises InputError."""
    organizations = values.pop("organizations", ())
    connection = Connection(name=name, password=encrypted_password(name, password), **values)
    save_checked(connection)
    set_members(connection, "organizations", organizations)
    audit.record(actor, "connection.create", connection)
    announce()
    return connection


@transaction.atomic
def change_connection(actor: Actor, connection: Connection, values: Mapping[str, Any]) -> Connection:
    """Set fields, `organizations` as rows, or the `password`; the name stays. Raises InputError."""
    plain = {name: value for name, value in values.items() if name != "organizations"}
    if "password" in plain:
        plain["password"] = encrypted_password(connection.name, plain["password"])
    changes = dict(set_fields(connection, plain))
    save_checked(connection)
    if "organizations" in values:
        changes.update(set_members(connection, "organizations", values["organizations"]))
    audit.record(actor, "connection.change", connection, changes)
    announce()
    return connection


@transaction.atomic
def delete_connection(actor: Actor, connection: Connection) -> None:
    """Delete a connection; streams that name it turn unhealthy and say so."""
    audit.record(actor, "connection.delete", connection)
    connection.delete()
    announce()


def password_of(connection: Connection) -> str:
    """Decrypt a connection's password; empty: it has none. Raises streams.secrets.DecryptionError."""
    if connection.password is None:
        return ""
    ring = KeyRing(settings.KEY_RING)
    return ring.decrypt(bytes(connection.password), purpose=PASSWORD_PURPOSE, row=connection.name).decode()


def settings_of(connection: Connection, password: str) -> ConnectionSettings:
    """How the brokers of a connection are reached; password: in plain text."""
    return ConnectionSettings(
        addresses=tuple(connection.addresses),
        tls=connection.tls,
        sasl_mechanism=connection.sasl_mechanism,
        username=connection.username,
        password=password,
        ca_certificate=connection.ca_certificate,
        allowed_topics=tuple(connection.allowed_topics),
        name=connection.name,
        kind=connection.kind,
    )


def usable_connections(organization: Organization) -> QuerySet[Connection]:
    """The connections that an organization's definitions may name."""
    return Connection.objects.filter(Q(organizations=None) | Q(organizations=organization)).distinct()


def allowed_connections(organization: Organization) -> Connections:
    """The same, as a definition's addresses are looked up in; without passwords."""
    return Connections(
        tuple(settings_of(row, password="") for row in usable_connections(organization)),
        raw_addresses=settings.RAW_ADDRESSES,
    )


def encrypted_password(name: str, password: str) -> bytes | None:
    """Return a password as `Connection.password` keeps it, for the connection of that name; empty: None."""
    if not password:
        return None
    return KeyRing(settings.KEY_RING).encrypt(password.encode(), purpose=PASSWORD_PURPOSE, row=name)


@transaction.atomic
def rotate_connection_passwords() -> int:
    """Re-encrypt passwords that an older key encrypted; returns how many. Raises streams.secrets.DecryptionError."""
    ring, rotated = KeyRing(settings.KEY_RING), 0
    for connection in Connection.objects.exclude(password=None).select_for_update():
        if connection.password is not None and ring.needs_rotation(bytes(connection.password)):
            connection.password = encrypted_password(connection.name, password_of(connection))
            connection.save(update_fields=["password"])
            rotated += 1
    return rotated
