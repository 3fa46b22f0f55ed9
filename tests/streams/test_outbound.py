import asyncio
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import outbound
from streams.outbound import (
    Destination,
    Guard,
    HostError,
    HostForbiddenError,
    HostUnresolvedError,
    UrlError,
    check_url,
)


class Names:
    """A resolver whose answers the test sets; it counts what it is asked."""

    def __init__(self, **addresses):
        self.addresses = addresses
        self.asked = []

    def __call__(self, host):
        self.asked.append(host)
        answer = self.addresses.get(host.partition(".")[0])
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answer


@pytest.fixture
def clock(monkeypatch):
    """The guard's clock, moved by hand."""
    moved = [1000.0]
    monkeypatch.setattr("streams.outbound.time.monotonic", lambda: moved[0])
    return moved


@pytest.fixture
def make_guard():
    made = []

    def make(*args, **kwargs):
        made.append(Guard(*args, **kwargs))
        return made[-1]

    yield make
    for guard in made:
        guard.close()


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", Destination("https", "example.com", 443, "/")),
        ("http://Example.COM:8080/a/b?c=d", Destination("http", "example.com", 8080, "/a/b?c=d")),
        ("https://example.com?x=1", Destination("https", "example.com", 443, "/?x=1")),
        ("https://[2606:4700::1111]:8443/", Destination("https", "2606:4700::1111", 8443, "/")),
        ("http://1.1.1.1/", Destination("http", "1.1.1.1", 80, "/")),
        (
            "https://xn--bcher-kva.example/%7Ea;b=(c)",
            Destination("https", "xn--bcher-kva.example", 443, "/%7Ea;b=(c)"),
        ),
        ("https://under_score.example/", Destination("https", "under_score.example", 443, "/")),
        ("https://localhost/", Destination("https", "localhost", 443, "/")),
    ],
)
def test_a_url_that_can_be_called_is_taken_apart(url, parts):
    assert check_url(url) == parts


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "character"),
        ("example.com/hook", "must begin with"),
        ("ftp://example.com/", "must begin with"),
        ("file:///etc/passwd", "must begin with"),
        ("https:///path", "names no host"),
        ("https://user:password@example.com/", "credentials"),
        ("https://user@example.com/", "credentials"),
        ("https://@example.com/", "credentials"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https://example.com:0/", "port 0"),
        ("https://example.com:65536/", "cannot be read"),
        ("https://example.com:eighty/", "cannot be read"),
        ("https://exa mple.com/", "character"),
        ("https://example.com/a\r\nX: y", "character"),
        ("https://example.com\\@evil.example/", "character"),
        ("https://bücher.example/", "xn--"),
        ("https://\uff11\uff12\uff17.0.0.1/", "xn--"),
        ("https://2130706433/", "usual spelling"),
        ("https://0x7f000001/", "usual spelling"),
        ("https://0177.0.0.1/", "usual spelling"),
        ("https://127.1/", "usual spelling"),
        ("https://127.0.0.1./", "usual spelling"),
        ("https://example.0x7f/", "usual spelling"),
        ("https://example.com./", "not a host name"),
        ("https://-example.com/", "not a host name"),
        ("https://a..b/", "not a host name"),
        (f"https://{'a' * 64}.example/", "not a host name"),
        ("https://[::1/", "cannot be read"),
        ("https://[fe80::1%25eth0]/", "usual spelling|cannot be read"),
        ("https://example.com/" + "a" * 2000, "2000 are allowed"),
    ],
)
def test_a_url_that_must_not_be_called_is_refused_with_the_reason(url, reason):
    with pytest.raises(UrlError, match=reason):
        check_url(url)


@given(text=st.text(max_size=80) | st.text(max_size=60).map("https://{}".format))
def test_no_text_makes_the_url_check_fail_otherwise_than_by_refusing(text):
    try:
        destination = check_url(text)
    except UrlError:
        return
    assert destination.target.startswith("/")
    assert "\r" not in destination.authority + destination.target


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("http://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("http://[2606:4700::1111]:81/", "[2606:4700::1111]:81"),
    ],
)
def test_the_host_header_has_the_port_only_where_it_is_not_the_schemes_own(url, authority):
    assert check_url(url).authority == authority


async def test_a_name_with_public_addresses_resolves_to_them_in_order(make_guard):
    guard = make_guard(resolver=Names(shop=["1.1.1.1", "2606:4700::1111"]))
    assert (await guard.resolve("shop.example")).addresses == ("1.1.1.1", "2606:4700::1111")
    assert guard.vet("shop.example", timeout=30) == ("1.1.1.1", "2606:4700::1111")


async def test_a_name_with_one_forbidden_address_among_public_ones_is_refused(make_guard):
    guard = make_guard(resolver=Names(shop=["1.1.1.1", "10.0.0.7"]))
    with pytest.raises(HostForbiddenError) as refused:
        await guard.resolve("shop.example")
    assert "10.0.0.7 is in 10.0.0.0/8" in refused.value.detail
    with pytest.raises(HostForbiddenError):
        guard.vet("shop.example", timeout=30)


async def test_what_a_tenant_reads_does_not_tell_a_forbidden_name_from_an_unknown_one(make_guard):
    guard = make_guard(resolver=Names(inside=["10.0.0.7"], empty=[]))
    texts = set()
    for host in ("inside.example", "unknown.example", "empty.example", "127.0.0.1"):
        with pytest.raises(HostError) as refused:
            await guard.resolve(host)
        texts.add(str(refused.value))
        assert host in refused.value.detail
    assert len(texts) == 1


async def test_an_address_is_judged_without_asking_the_resolver(make_guard):
    names = Names()
    guard = make_guard(["127.0.0.0/8"], resolver=names)
    assert (await guard.resolve("127.0.0.1")).addresses == ("127.0.0.1",)
    assert guard.vet("1.1.1.1", timeout=30) == ("1.1.1.1",)
    with pytest.raises(HostForbiddenError):
        await guard.resolve("::1")
    assert names.asked == []


async def test_the_system_resolver_finds_localhost_and_the_guard_refuses_it(make_guard):
    with pytest.raises(HostForbiddenError):
        await make_guard().resolve("localhost")
    assert (await make_guard(["127.0.0.0/8", "::1/128"]).resolve("localhost")).addresses


async def test_an_answer_is_trusted_for_less_than_a_minute_and_then_vetted_anew(make_guard, clock):
    names = Names(shop=["1.1.1.1"])
    guard = make_guard(resolver=names)
    first = await guard.resolve("shop.example")
    assert await guard.resolve("shop.example") == first
    assert len(names.asked) == 1
    assert first.until - clock[0] <= 60
    names.addresses["shop"] = ["127.0.0.1"]  # the name was rebound
    clock[0] = first.until
    with pytest.raises(HostForbiddenError):
        await guard.resolve("shop.example")


async def test_a_name_that_does_not_resolve_is_not_asked_for_again_at_once(make_guard, clock):
    names = Names()
    guard = make_guard(resolver=names)
    for _ in range(3):
        with pytest.raises(HostUnresolvedError):
            await guard.resolve("new.example")
    assert len(names.asked) == 1
    names.addresses["new"] = ["1.1.1.1"]
    clock[0] += outbound.FAILURE_SECONDS
    assert (await guard.resolve("new.example")).addresses == ("1.1.1.1",)


async def test_the_cache_forgets_the_oldest_host_when_it_is_full(make_guard, monkeypatch):
    monkeypatch.setattr(outbound, "_CACHED_HOSTS", 2)
    names = Names(a=["1.1.1.1"], b=["1.1.1.1"], c=["1.1.1.1"])
    guard = make_guard(resolver=names)
    for host in ("a.example", "b.example", "c.example", "c.example", "a.example"):
        await guard.resolve(host)
    assert names.asked == ["a.example", "b.example", "c.example", "a.example"]


async def test_many_who_wait_for_one_host_ask_once_and_one_who_gives_up_stops_nobody(make_guard):
    release = threading.Event()
    asked = []
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(host):
        asked.append(host)
        loop.call_soon_threadsafe(started.set)
        release.wait(60)
        return ["1.1.1.1"]

    guard = make_guard(resolver=slow)
    impatient = asyncio.create_task(guard.resolve("slow.example"))
    patient = [asyncio.create_task(guard.resolve("slow.example")) for _ in range(5)]
    await started.wait()
    impatient.cancel()
    await asyncio.wait([impatient])
    release.set()
    assert {(await each).addresses for each in patient} == {("1.1.1.1",)}
    assert asked == ["slow.example"]


def test_a_resolver_that_does_not_answer_is_given_up(make_guard):
    release = threading.Event()

    def stuck(host):
        release.wait(60)
        return ["1.1.1.1"]

    guard = make_guard(resolver=stuck)
    with pytest.raises(HostUnresolvedError, match="does not lead") as refused:
        guard.vet("stuck.example", timeout=0.05)
    assert "in time" in refused.value.detail
    release.set()


async def test_a_host_the_resolver_cannot_encode_is_unresolved(make_guard):
    def unencodable(host):
        raise UnicodeError("label too long")

    with pytest.raises(HostUnresolvedError):
        await make_guard(resolver=unencodable).resolve("odd.example")
