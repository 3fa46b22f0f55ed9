import socket

import pytest

from portal.embedded import addresses, ports
from portal.embedded.errors import EmbeddedError


def test_the_usual_ports_are_those_of_the_readme():
    usual = addresses.read({})
    assert (usual.portal, usual.gateway, usual.kafka) == (3000, 8080, 9092)
    assert usual.portal_url == "http://localhost:3000"


def test_a_variable_moves_a_port():
    assert addresses.read({"SLUICE_GATEWAY_PORT": "8081"}).gateway == 8081


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1"])
def test_what_is_no_port_is_refused_by_the_variables_name(text):
    with pytest.raises(EmbeddedError, match=f"SLUICE_PORTAL_PORT={text}"):
        addresses.read({"SLUICE_PORTAL_PORT": text})


def test_a_busy_port_is_named_with_the_variable_that_moves_it():
    with socket.create_server((ports.LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        free = {f"SLUICE_{name}_PORT": str(ports.free()) for name in ("PORTAL", "KAFKA", "RECEIVER")}
        chosen = addresses.read({**free, "SLUICE_GATEWAY_PORT": str(port)})
        with pytest.raises(EmbeddedError, match=rf"port {port} \(gateway\).*set SLUICE_GATEWAY_PORT"):
            chosen.require_free(broker=True)


def test_the_brokers_port_may_be_busy_when_the_broker_is_somebody_elses():
    with socket.create_server((ports.LOOPBACK, 0)) as other:
        free = {f"SLUICE_{name}_PORT": str(ports.free()) for name in ("PORTAL", "GATEWAY", "RECEIVER")}
        chosen = addresses.read({**free, "SLUICE_KAFKA_PORT": str(other.getsockname()[1])})
        chosen.require_free(broker=False)


def test_workers_are_one_unless_more_are_asked_for():
    assert addresses.read({}).workers == 1
    assert addresses.read({"SLUICE_WORKERS": "2"}).workers == 2
    with pytest.raises(EmbeddedError, match="SLUICE_WORKERS=many: expected a number from 1 to 64"):
        addresses.read({"SLUICE_WORKERS": "many"})
