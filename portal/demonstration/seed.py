"""Makes the demonstration, or what of it is missing."""

from dataclasses import dataclass

from django.db import transaction

from portal.demonstration import catalogue, people, subscriber
from portal.demonstration.issued import Issued


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the demonstration runs this time."""

    bootstrap_servers: str  # of Kafka, host:port
    receiver_url: str
    receiver_secret: str  # whsec_..., the same at each start


@transaction.atomic
def seed(known: Issued, around: Surroundings) -> Issued:
    """See that everything is there; `known` is what earlier starts issued. Returns what is valid now."""
    organization = people.organization()
    everybody = (people.ADMINISTRATOR, people.PUBLISHER, people.DEVELOPER)
    accounts = tuple(people.join(one, organization, known.password(one.email)) for one in everybody)
    administrator, publisher, developer = (people.actor(one, organization) for one in everybody)
    catalogue.connect(administrator, around.bootstrap_servers)
    plan = catalogue.product(publisher)
    app = subscriber.app(developer)
    subscriber.subscribe(developer, app, plan)
    subscriber.receive(developer, app, around.receiver_url, around.receiver_secret)
    issued = subscriber.issue(developer, app, known.key(app.name))
    return Issued(people.management_key(organization, known.management_key), accounts, (issued,))
