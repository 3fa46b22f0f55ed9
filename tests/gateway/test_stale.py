"""What the gateway does while PostgreSQL is away."""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed

from tests.gateway.asgi_harness import DEADLINE, detail, gateway_process, wait_until
from tests.gateway.shop import open_shop
from tests.parts.cut_off import cut_off

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = "4"


@pytest.fixture
def between(postgres_server):
    with TemporaryDirectory() as directory:
        own, name = Path(directory), ".s.PGSQL.5432"
        with cut_off(postgres_server.sockets / name, own / name) as standing:
            yield standing


@pytest.fixture
def environment(gateway_environment, between, postgres_server):
    sockets = [quote(str(path), safe="") for path in (postgres_server.sockets, between.directory)]
    return {**gateway_environment, "DATABASE_URL": gateway_environment["DATABASE_URL"].replace(*sockets)}


@pytest.fixture
def gateway(environment):
    with gateway_process(environment, SLUICE_STALE_REVISION_LIMIT=LIMIT) as running:
        yield running


def post(gateway, key):
    return gateway.request("POST", "/shop/chat", data=b"{}", headers={"Authorization": key})


@pytest.mark.parametrize("away", ["hang", "refuse"])
def test_the_last_configuration_is_served_for_a_while_and_then_none(gateway, between, away):
    shop = open_shop()
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, key).status_code == 200, "the shop does not open")
    with gateway.websocket("/shop/chat/ws", {"Authorization": key}) as client:
        getattr(between, away)()
        assert post(gateway, key).status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=DEADLINE)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "configuration_stale")
    refused = post(gateway, key)
    assert (detail(refused), refused.headers["retry-after"]) == ((503, "configuration_stale"), "5")
    assert gateway.request("GET", "/healthz").status_code == 200
    between.restore()
    wait_until(lambda: post(gateway, key).status_code == 200, "it does not come back")


def test_a_process_that_starts_while_it_is_away_says_so_and_serves_when_it_is_back(
    environment, between, gateway
):
    shop = open_shop()
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, key).status_code == 200, "the shop does not open")
    between.refuse()
    with gateway_process(environment) as late:
        assert detail(post(late, key)) == (503, "configuration_stale")
        between.restore()
        wait_until(lambda: post(late, key).status_code == 200, "it does not come back")
