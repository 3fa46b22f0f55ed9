"""Which IP addresses may be called. Pure: an address and a list of exceptions in, a verdict out.

The ranges are our own list, after the IANA special-purpose registries (RFC 6890 and its successors), because
`ipaddress.is_global` answers True for multicast, 6to4, NAT64 and other spellings of private addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORBIDDEN_IPV4 = {
    IPv4Network(network): name
    for network, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"),
    )
}
_FORBIDDEN_IPV6 = {
    IPv6Network(network): name
    for network, name in (
        ("::/8", "unspecified, loopback or IPv4 in disguise"),
        ("64:ff9b:1::/48", "local-use NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
}
_GLOBAL_WITHIN_2001 = tuple(
    IPv6Network(network)
    for network in ("2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28")
)
"""Parts of 2001::/23 that IANA declares globally reachable: PCP and TURN anycast, AMT, AS112, ORCHIDv2."""

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_TRANSLATED = (_MAPPED, _NAT64)
"""A socket connected to one of these reaches the IPv4 address within; so that address is what is judged."""
_ISATAP_INTERFACES = {0x00005EFE, 0x02005EFE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address may be called, and why not."""

    allowed: bool
    reason: str = ""
    """For operators; it names the range."""


_ALLOWED = Verdict(allowed=True)


def judge(address: Address | str, allow: Sequence[Network] = ()) -> Verdict:
    """Decide whether a socket may be connected to an address.

    address: parsed, or text that only `ipaddress` is asked to read: brackets and a zone are stripped;
    decimal, octal and hexadecimal spellings are refused. allow: networks the operator lets past the list.
    """
    parsed = _parse(address) if isinstance(address, str) else address
    if parsed is None:
        return Verdict(allowed=False, reason=f"{address} is not an IP address in its usual spelling")
    if any(parsed in network for network in allow):
        return _ALLOWED
    if isinstance(parsed, IPv4Address):
        return _judge_ipv4(parsed)
    return _judge_ipv6(parsed, allow)


def parse_allow(networks: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of CIDR texts such as `127.0.0.0/8`. Raises ValueError, naming the text."""
    return tuple(ip_network(network.strip()) for network in networks)


def embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address an IPv6 address carries: mapped, NAT64, 6to4, SIIT, compatible or ISATAP."""
    bits = int(address)
    low = IPv4Address(bits & 0xFFFFFFFF)
    if any(address in network for network in _TRANSLATED):
        return low
    if address.sixtofour is not None:
        return address.sixtofour
    siit_or_compatible = bits >> 32 in {0, 0xFFFF0000}
    if siit_or_compatible or (bits >> 32) & 0xFFFFFFFF in _ISATAP_INTERFACES:
        return low
    return None


def _parse(text: str) -> Address | None:
    bare = text.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        return None


def _judge_ipv4(address: IPv4Address) -> Verdict:
    for network, name in _FORBIDDEN_IPV4.items():
        if address in network:
            return Verdict(allowed=False, reason=f"{address} is in {network} ({name})")
    return _ALLOWED


def _judge_ipv6(address: IPv6Address, allow: Sequence[Network]) -> Verdict:
    carried = embedded_ipv4(address)
    if carried is not None:
        verdict = judge(carried, allow)
        if not verdict.allowed:
            return Verdict(allowed=False, reason=f"{address} carries {carried}: {verdict.reason}")
        if any(address in network for network in _TRANSLATED):
            return verdict
    if any(address in network for network in _GLOBAL_WITHIN_2001):
        return _ALLOWED
    for network, name in _FORBIDDEN_IPV6.items():
        if address in network:
            return Verdict(allowed=False, reason=f"{address} is in {network} ({name})")
    return _ALLOWED
