import pytest

from gateway.metrics_access import MetricsAccess


def refused(access, address="127.0.0.1", **headers):
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    refusal = access.refusal({"type": "http", "client": (address, 5) if address else None, "headers": sent})
    return refusal.code if refusal is not None else None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1"])
def test_without_a_token_this_machine_may_read_them(address):
    assert refused(MetricsAccess(), address) is None


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::1", "", "testclient"])
def test_without_a_token_nobody_else_may(address):
    assert refused(MetricsAccess(), address, authorization="Bearer ") == "metrics_refused"


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded"])
def test_a_proxy_on_this_machine_is_somebody_else(header):
    assert refused(MetricsAccess(), **{header: "198.51.100.7"}) == "metrics_refused"


def test_with_a_token_who_shows_it_may_wherever_they_are():
    access = MetricsAccess("s3cret")
    assert refused(access, "198.51.100.7", authorization="Bearer s3cret", x_forwarded_for="a") is None
    for shown in (
        {},
        {"authorization": "s3cret"},
        {"authorization": "Bearer s3"},
        {"authorization": "Bearer "},
    ):
        assert refused(access, **shown) == "metrics_token_missing"
