"""A definition that runs, one that does not, and who works on them."""

import pytest

from gateway.models import ApiDefinition
from tests import factories


@pytest.fixture
def publisher(estate, signed_in):
    return signed_in(estate.actor)


@pytest.fixture
def running(estate):
    return ApiDefinition.objects.get(organization=estate.actor.organization)


@pytest.fixture
def held(running):
    return factories.QuarantineFactory(
        definition=running,
        stream="orders",
        content=b'{"order": "A-1001", "cents": "many"}',
        metadata={"kafka_topic": "shop.orders"},
        position="shop.orders/0@42",
    )
