"""The outbound guard: which URLs and addresses may be called, decided for the address a socket connects to.

A check when a URL is saved guards nothing, since a name can resolve to another address a second later. So
every client asks the guard when it connects, and connects to what the guard answered, never to the name.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from streams.addresses import judge, parse_allow
from streams.errors import SluiceError

MAXIMUM_URL_CHARACTERS = 2000
RESOLUTION_SECONDS = 30.0
"""How long an answer of the resolver is trusted; then a name is resolved and vetted anew."""
FAILURE_SECONDS = 10.0
"""How long a name that does not resolve is not asked for again."""
_CACHED_HOSTS = 4096
_RESOLVER_THREADS = 64
"""Many, since each name server that does not answer holds one for some ten seconds."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.ASCII)
"""What may stand in a URL (RFC 3986): not quotes, angle brackets, backslash, ^ ` { | } or non-ASCII."""
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*", re.ASCII)

Resolver = Callable[[str], Sequence[str]]
"""A host name in, its addresses as text out; blocking; raises OSError."""


class OutboundError(SluiceError):
    """A call outward is not made. The message may be shown to a tenant; `detail` is for the operator only."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail or message


class UrlError(OutboundError):
    """A URL that cannot be called, whatever it resolves to."""


class HostError(OutboundError):
    """A host that leads to no address that may be called.

    Its message never tells an unknown name from a forbidden one, else it would answer what a private DNS zone
    holds; its subclasses are for the operator's eyes.
    """

    def __init__(self, detail: str) -> None:
        super().__init__("the host name does not lead to an address that may be called", detail)


class HostUnresolvedError(HostError):
    """The name has no address now."""


class HostForbiddenError(HostError):
    """At least one address of the name is forbidden."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked URL, in the parts a client needs."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    target: str
    """Path and query, as the request line has them."""

    @property
    def authority(self) -> str:
        """The value of the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses a socket may connect to for a host, all of them vetted."""

    addresses: tuple[str, ...]
    until: float
    """On the monotonic clock: when the name must be resolved and vetted anew."""


def check_url(url: str) -> Destination:
    """Return the parts of an http or https URL that may be called, as far as its text goes. Raises
    UrlError.
    """
    if len(url) > MAXIMUM_URL_CHARACTERS:
        raise UrlError(f"the URL has {len(url)} characters; {MAXIMUM_URL_CHARACTERS} are allowed")
    if not _PRINTABLE.fullmatch(url):
        raise UrlError(
            "the URL holds a character it must not: percent-encode it, or write the host as xn--..."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"the URL cannot be read: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise UrlError("the URL must begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise UrlError("the URL holds credentials: send them in a header instead")
    if "#" in url:
        raise UrlError("the URL holds a fragment (#...): a server never sees it; leave it out")
    if port == 0:
        raise UrlError("port 0 cannot be called")
    host = check_host(parts.hostname or "")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], target)


def check_host(host: str) -> str:
    """Return the host in lower case if it is a name or an IP address in its usual spelling. Raises UrlError.

    A host whose last label is a number is an IPv4 address to the system's resolver, which also reads octal,
    hex and single-number spellings; only four decimals by dots are let through.
    """
    if not host:
        raise UrlError("the URL names no host")
    if ":" in host or _NUMERIC_LABEL.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        if not _is_address(host) or "%" in host:
            raise UrlError(f"{host} is not an IP address in its usual spelling")
        return str(ip_address(host))
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise UrlError(f"{host} is not a host name")
    return host.lower()


def system_resolver(host: str) -> list[str]:
    """Return every IPv4 and IPv6 address the system knows for a host. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the guard knows of a host: addresses, or the failure to raise."""

    until: float
    addresses: tuple[str, ...] = ()
    failure: type[HostError] | None = None
    detail: str = ""


class Guard:
    """Answers which addresses a socket may connect to for a host.

    A host is refused if any of its addresses is forbidden: a name that is half inside is no webhook receiver.
    The cache is bounded and short-lived, and a host being resolved is not asked for twice. `vet` may be
    called from any thread, `resolve` from one event loop. Names are resolved in threads of the guard's own,
    so that the slow name servers of one tenant's host hold up nothing else in the process.

    allow: networks let past the list, such as `127.0.0.0/8`. Raises ValueError for a text that is none.
    """

    def __init__(self, allow: Sequence[str] = (), *, resolver: Resolver = system_resolver) -> None:
        self._allow = parse_allow(allow)
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="outbound-dns")
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._asked: dict[str, asyncio.Future[_Answer]] = {}

    def vet(self, host: str, timeout: float) -> tuple[str, ...]:
        """Resolve a host and return its addresses, all vetted. Blocking, uncached.

        timeout: seconds to wait for the resolver. Raises HostUnresolvedError, HostForbiddenError.
        """
        if _is_address(host):
            return self._vetted(host, (host,))
        asked = self._threads.submit(self._resolver, host)
        try:
            found = asked.result(timeout)
        except (OSError, UnicodeError) as error:
            asked.cancel()
            raise HostUnresolvedError(
                f"{host}: {str(error) or 'the resolver did not answer in time'}"
            ) from error
        return self._vetted(host, found)

    async def resolve(self, host: str) -> Resolution:
        """Return the vetted addresses of a host, from the cache while they are fresh.

        Bound the time outside: a look-up whose caller is cancelled goes on for the others that wait for it.
        Raises HostUnresolvedError, HostForbiddenError.
        """
        answer = self._answers.get(host)
        if answer is None or answer.until <= time.monotonic():
            answer = await self._ask(host)
        if answer.failure is not None:
            raise answer.failure(answer.detail)
        return Resolution(answer.addresses, answer.until)

    def close(self) -> None:
        """Give the resolver's threads up; look-ups under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, host: str) -> _Answer:
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = asyncio.ensure_future(self._look_up(host))
            asked.add_done_callback(lambda _: self._asked.pop(host, None))
        return await asyncio.shield(asked)

    async def _look_up(self, host: str) -> _Answer:
        try:
            if _is_address(host):
                found: Sequence[str] = (host,)
            else:
                found = await asyncio.get_running_loop().run_in_executor(self._threads, self._resolver, host)
            answer = _Answer(time.monotonic() + RESOLUTION_SECONDS, self._vetted(host, found))
        except (OSError, UnicodeError) as error:
            answer = _failed(HostUnresolvedError, f"{host}: {error}")
        except HostError as error:
            answer = _failed(type(error), error.detail)
        self._keep(host, answer)
        return answer

    def _keep(self, host: str, answer: _Answer) -> None:
        self._answers[host] = answer
        self._answers.move_to_end(host)
        if len(self._answers) > _CACHED_HOSTS:
            self._answers.popitem(last=False)

    def _vetted(self, host: str, addresses: Sequence[str]) -> tuple[str, ...]:
        if not addresses:
            raise HostUnresolvedError(f"{host} has no address")
        for address in addresses:
            verdict = judge(address, self._allow)
            if not verdict.allowed:
                raise HostForbiddenError(f"{host}: {verdict.reason}")
        return tuple(addresses)


def _failed(failure: type[HostError], detail: str) -> _Answer:
    return _Answer(time.monotonic() + FAILURE_SECONDS, failure=failure, detail=detail)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
