"""While PostgreSQL is away what was known is served for a while, and then nothing."""

import pytest
from websockets.exceptions import ConnectionClosed

from gateway.credentials import revoke_credential
from tests.gateway.asgi_harness import DEADLINE, SERVERS, detail, gateway_process, wait_until
from tests.gateway.shop import open_shop
from tests.parts import embedded
from tests.parts.forwarder import Forwarder

pytestmark = pytest.mark.django_db(transaction=True)
STALE = (503, "configuration_stale")


@pytest.fixture
def way(postgres_url):
    forwarder = Forwarder(embedded.POSTGRESQL.sockets / ".s.PGSQL.5432")
    yield forwarder
    forwarder.close()


def environment(gateway_environment, way):
    url = f"postgres://sluice@127.0.0.1:{way.port}/test_{embedded.DATABASE}"
    return {**gateway_environment, "DATABASE_URL": url, "SLUICE_STALE_REVISION_LIMIT": "3"}


def post(gateway, key):
    return gateway.request("POST", "/shop/chat", data=b"{}", headers={"Authorization": key})


@pytest.mark.parametrize("server", SERVERS)
def test_the_last_configuration_holds_for_a_while_and_then_nobody_is_served(gateway_environment, way, server):
    shop = open_shop()
    app = shop.app()
    issued = shop.issue(app)
    with gateway_process(environment(gateway_environment, way), server) as gateway:
        wait_until(lambda: post(gateway, issued.key).status_code == 200)
        with gateway.websocket("/shop/chat/ws", {"Authorization": issued.key}) as client:
            way.cut()
            assert post(gateway, issued.key).status_code == 200
            wait_until(lambda: detail(post(gateway, issued.key)) == STALE, "it is served for ever")
            assert int(post(gateway, issued.key).headers["retry-after"]) >= 1
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(timeout=DEADLINE)
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "configuration_stale")
        revoke_credential(shop.developers[app.pk], issued.credential)
        way.mend()
        wait_until(lambda: detail(post(gateway, issued.key)) == (401, "key_revoked"), "it does not come back")


def test_a_gateway_that_starts_before_postgresql_knows_of_no_path_until_it_has_read(gateway_environment, way):
    shop = open_shop()
    key = shop.key(shop.app())
    way.cut()
    with gateway_process(environment(gateway_environment, way)) as gateway:
        assert detail(post(gateway, key)) == STALE
        way.mend()
        wait_until(lambda: post(gateway, key).status_code == 200, "it does not begin")
