"""Servers that a definition's URLs name: by a connection of the operator, or themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from streams.connections import Connections, ConnectionSettings, unknown_connection
from streams.errors import ConfigError, UnknownConnectionError
from streams.outbound import UrlError, check_host
from streams.spec import Problem, Rules, Severity

_NO_URL: Final = SplitResult("", "", "", "", "")
_NAME_IT: Final = "name a connection of the operator"


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the URLs of one protocol look."""

    kind: str
    """Of the connections that lead to its servers."""
    ports: Mapping[str, int]
    """The usual port by the URL's scheme; the first one is meant where a URL has none."""
    secure: frozenset[str]
    """Those of the schemes that mean TLS."""
    public: bool = False
    """URLs that no connection has may be called by everybody, as those of HTTP may."""

    def usual_port(self, *, tls: bool) -> int:
        """The port of a server that says nothing else."""
        return next(port for name, port in self.ports.items() if (name in self.secure) == tls)


@dataclass(frozen=True, slots=True)
class Server:
    """One server to connect to."""

    host: str
    port: int
    tls: bool
    username: str
    password: str = field(repr=False)
    path: str
    """What the URL says after the host, such as a virtual host or the number of a database; without the slash."""
    query: str = ""
    connection: ConnectionSettings | None = None
    """The operator's connection it belongs to; None: somebody's own address, which the guard must vet."""

    @property
    def address(self) -> str:
        """How people name it."""
        return f"{self.host}:{self.port}"


def find_servers(urls: Sequence[str], scheme: Scheme, connections: Connections) -> tuple[Server, ...]:
    """Return the servers of a definition's URLs, in order.

    urls: each a URL, or the name of a connection (also in place of a URL's host); an entry may hold several, separated
    by commas. Raises ConfigError, UnknownConnectionError.
    """
    texts = [text.strip() for entry in urls for text in entry.split(",") if text.strip()]
    if not texts:
        raise ConfigError("no URL is given")
    return tuple(server for text in texts for server in _servers(text, scheme, connections))


def check_servers(
    name: str, urls: Sequence[str], scheme: Scheme, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with the URLs in a field, and with topics that their connections do not allow.

    topics: each with the path where it is written. Where connections are not known, the URLs are only read.
    """
    try:
        servers = find_servers(urls, scheme, rules.connections or Connections(raw_addresses=True))
    except UnknownConnectionError as error:
        yield Problem((name,), "unknown_connection", str(error), _NAME_IT)
        return
    except ConfigError as error:
        yield Problem((name,), "bad_url", str(error))
        return
    if any(server.password and server.connection is None for server in servers):
        message = "whoever may read the definition reads this password"
        yield Problem((name,), "password_in_url", message, _NAME_IT, Severity.WARNING)
    for topic, path in topics.items():
        if refusal := topic_refusal(servers, topic):
            yield Problem(path, "topic_not_allowed", refusal, "ask the operator for it")


def topic_refusal(servers: Sequence[Server], topic: str) -> str:
    """Why a topic (queue, subject, stream, key) may not be used on these servers; empty: it may."""
    for server in servers:
        connection = server.connection
        if connection is not None and not connection.allows(topic):
            allowed = ", ".join(connection.allowed_topics)
            return f"the connection {connection.name!r} does not allow {topic!r} (it allows {allowed})"
    return ""


def require_topics(servers: Sequence[Server], topics: Iterable[str]) -> None:
    """Raise ConfigError for a topic that may not be used now."""
    for topic in topics:
        if refusal := topic_refusal(servers, topic):
            raise ConfigError(refusal)


def _servers(text: str, scheme: Scheme, connections: Connections) -> list[Server]:
    known = connections.of_kind(scheme.kind)
    named = {connection.name: connection for connection in known}
    if text in named:
        return [_of_connection(named[text], address, scheme) for address in named[text].addresses]
    url, host, port = _parts(text, scheme)
    if host in named and url.port is None:
        return [_of_connection(named[host], address, scheme, url) for address in named[host].addresses]
    for connection in known:
        if f"{host}:{port}" in connection.addresses:
            return [_of_connection(connection, f"{host}:{port}", scheme, url)]
    if not (connections.raw_addresses or scheme.public):
        raise UnknownConnectionError(unknown_connection(f"{host}:{port}", known))
    secure = url.scheme in scheme.secure
    username, password = unquote(url.username or ""), unquote(url.password or "")
    return [Server(host, port, secure, username, password, unquote(url.path[1:]), url.query)]


def _of_connection(
    connection: ConnectionSettings, address: str, scheme: Scheme, url: SplitResult = _NO_URL
) -> Server:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        host, port = address, str(scheme.usual_port(tls=connection.tls))
    return Server(
        host.strip("[]"),
        int(port),
        connection.tls,
        connection.username,
        connection.password,
        unquote(url.path[1:]),
        url.query,
        connection,
    )


def _parts(text: str, scheme: Scheme) -> tuple[SplitResult, str, int]:
    """A URL with its host and port. Raises ConfigError, without the password."""
    whole = text if "://" in text else f"{next(iter(scheme.ports))}://{text}"
    try:
        url = urlsplit(whole)
        port = url.port
        host = check_host(url.hostname or "")
    except (ValueError, UrlError) as error:
        raise ConfigError(f"the URL cannot be read: {error}") from error
    if url.scheme not in scheme.ports:
        raise ConfigError(f"a URL begins with {', '.join(f'{name}://' for name in scheme.ports)} here")
    return url, host, port or scheme.ports[url.scheme]
