from dataclasses import replace

import pytest

from gateway.management_keys import actor_of
from gateway.models import ApiDefinition, App, Connection, Credential, Product, Role, Subscription, User
from portal.demonstration import people, shop
from portal.demonstration.issued import Issued
from portal.demonstration.seed import Surroundings, seed
from webhooks.models import Endpoint
from webhooks.signing import generate_secret

AROUND = Surroundings("127.0.0.1:9092", "http://127.0.0.1:8090/", generate_secret())

pytestmark = pytest.mark.django_db


@pytest.fixture
def issued() -> Issued:
    return seed(Issued(), AROUND)


def counts() -> list[int]:
    models = (User, ApiDefinition, Product, App, Credential, Subscription, Endpoint, Connection)
    return [model.objects.count() for model in models]


def test_it_makes_people_who_can_sign_in(issued):
    assert [account.role for account in issued.accounts] == ["administrator", "publisher", "developer"]
    for account in issued.accounts:
        assert User.objects.get(email=account.email).check_password(account.password)
    assert User.objects.get(is_staff=True).email == "administrator@demo.example"


def test_its_management_key_acts_as_the_publisher(issued):
    actor = actor_of(issued.management_key)
    assert actor is not None
    assert (str(actor.user), actor.role) == (people.PUBLISHER.email, Role.PUBLISHER)


def test_its_streams_run_and_its_product_is_published_and_subscribed(issued):
    assert {definition.state for definition in ApiDefinition.objects.all()} == {"active"}
    product = Product.objects.get()
    assert product.lifecycle == "published"
    assert {one.name for one in product.event_types.all()} == set(shop.EVENT_TYPES)
    assert Subscription.objects.get(product=product).state == "approved"


def test_a_second_time_it_makes_and_issues_nothing_new(issued):
    before = counts()
    assert seed(issued, AROUND) == issued
    assert counts() == before


def test_what_was_forgotten_is_issued_anew(issued):
    anew = seed(Issued(), AROUND)
    assert actor_of(anew.management_key) is not None
    assert anew.apps[0].key != issued.apps[0].key
    assert User.objects.get(email=people.DEVELOPER.email).check_password(
        anew.password(people.DEVELOPER.email)
    )


def test_a_broker_and_a_receiver_that_moved_are_followed(issued):
    seed(
        issued,
        replace(AROUND, bootstrap_servers="kafka:9092, other:9092", receiver_url="http://127.0.0.1:9999/"),
    )
    assert Connection.objects.get().addresses == ["kafka:9092", "other:9092"]
    assert Endpoint.objects.get().url == "http://127.0.0.1:9999/"
