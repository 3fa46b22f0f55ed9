"""Makes a definition of one stream, read from stdin as JSON, in the database that DATABASE_URL names."""

import json
import sys

from django.db import transaction

from gateway.announcements import announce
from gateway.models import ApiDefinition, Connection, DefinitionState, Dialect, Organization, Revision

PATH = "/legacy/"


@transaction.atomic
def build(stream: dict[str, object], bootstrap: str) -> None:
    """Make it and put it in force."""
    Connection.objects.create(name="kafka", addresses=[bootstrap])
    document = json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "Legacy", "version": "1"},
            "paths": {},
            "x-tyk-api-gateway": {"server": {"listenPath": {"value": PATH}}},
            "x-tyk-streaming": {"streams": {"orders": stream}},
        }
    )
    definition = ApiDefinition.objects.create(
        organization=Organization.objects.create(name="shop", slug="shop"),
        public_id="legacy",
        name="Legacy",
        dialect=Dialect.SLUICE,
        document=document,
        listen_path=PATH,
    )
    definition.active_revision = Revision.objects.create(
        definition=definition, number=1, document=document, listen_path=PATH
    )
    definition.state = DefinitionState.ACTIVE
    definition.save()
    announce()


def main() -> None:
    """Read the stream and the broker's address."""
    given = json.load(sys.stdin)
    build(given["stream"], given["bootstrap"])
