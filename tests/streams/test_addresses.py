from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.addresses import embedded_ipv4, judge, parse_allow

FORBIDDEN = """
0.0.0.0 0.255.255.255 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254
172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255
198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::808:808
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:7f00:1 ::ffff:0:808:808 ::5efe:7f00:1 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b:1::1 64:ff9b:1::808:808 100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1
2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 febf::1 fec0::1 ff02::1
ff0e::1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:192.168.0.1
"""
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
223.255.255.255 2606:4700:4700::1111 2a00:1450:4001:81b::200e 2001:200::1 2001:4860:4860::8888
64:ff9b::808:808 ::ffff:8.8.8.8 2001:1::1 2001:3::1 2001:4:112::1 2001:20::1 2606:4700::5efe:808:808
"""


@pytest.mark.parametrize("address", FORBIDDEN.split())
def test_an_address_that_leads_inside_is_refused_with_the_range(address):
    verdict = judge(address)
    assert not verdict.allowed
    assert " is in " in verdict.reason


@pytest.mark.parametrize("address", PUBLIC.split())
def test_a_public_address_is_let_through(address):
    assert judge(address).allowed


@pytest.mark.parametrize(
    "spelling",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.0.0.1",
        "",
        "localhost",
        "\uff11\uff12\uff17.0.0.1",
        "127.0.0.1 ",
    ],
)
def test_only_the_usual_spelling_of_an_address_is_read(spelling):
    verdict = judge(spelling, parse_allow(["127.0.0.0/8"]))
    assert not verdict.allowed
    assert "usual spelling" in verdict.reason


@pytest.mark.parametrize("spelling", ["[::1]", "fe80::1%eth0", "[fe80::1%25eth0]"])
def test_brackets_and_zones_do_not_hide_an_address(spelling):
    assert not judge(spelling).allowed


@given(number=st.integers(min_value=0, max_value=2**32 - 1))
def test_every_disguise_of_an_ipv4_address_that_reaches_it_is_judged_like_it(number):
    plain = judge(IPv4Address(number)).allowed
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert judge(IPv6Address(int(IPv6Address(prefix)) | number)).allowed is plain


@given(number=st.integers(min_value=0, max_value=2**32 - 1))
def test_every_other_disguise_is_refused_whatever_it_carries(number):
    carried = IPv4Address(number)
    for prefix, shift in (("::", 0), ("::ffff:0:0:0", 0), ("::5efe:0:0", 0), ("2002::", 80)):
        disguised = IPv6Address(int(IPv6Address(prefix)) | number << shift)
        assert embedded_ipv4(disguised) == carried
        assert not judge(disguised).allowed


@given(address=st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_what_python_calls_private_is_let_through_only_where_iana_calls_it_global(address):
    carries_ipv4 = address.version == 6 and embedded_ipv4(address) is not None
    if judge(address).allowed and not carries_ipv4:
        assert not address.is_private or address in ip_network("2001::/23")


def test_an_allowed_network_is_let_through_in_every_spelling_that_reaches_it():
    allow = parse_allow(["127.0.0.0/8", "::1/128"])
    for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert judge(address, allow).allowed
    for address in ("10.0.0.1", "::2", "::ffff:10.0.0.1"):
        assert not judge(address, allow).allowed


@pytest.mark.parametrize("text", ["127.0.0.1/8", "localhost", "10.0.0.0/33", ""])
def test_an_exception_that_is_no_network_is_refused_at_once(text):
    with pytest.raises(ValueError, match=r"network|host bits"):
        parse_allow([text])


@given(text=st.text(max_size=60))
def test_no_text_makes_the_judge_raise(text):
    judge(text)


def test_an_address_may_be_given_parsed():
    assert not judge(ip_address("127.0.0.1")).allowed
