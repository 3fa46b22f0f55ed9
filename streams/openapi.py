"""`x-tyk-streaming` in an OpenAPI document: the streams, where they listen, all that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from streams.config import Finding, Node, Text, parse
from streams.lint import CheckedStream, check_stream
from streams.lint.values import unknown_key
from streams.registry import Registry
from streams.spec import Rules, Severity

_STREAMING: Final = "x-tyk-streaming"
_GATEWAY: Final = "x-tyk-api-gateway"
_ROOT: Final = Node({}, "", 0)
_HEADER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Of the names RFC 9110 section 5.6.2 allows, those that may stand in any shell or program as they are."""


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where a request carries its API key."""

    header: str = ""
    """A header of the definition's own; empty: `Authorization` or `X-API-Key`."""
    query: str = ""
    """A query parameter, where the publisher allows one; empty: none."""


@dataclass(frozen=True, slots=True)
class StreamingDocument:
    """What Sluice takes from an OpenAPI document with streams."""

    name: str
    """`x-tyk-api-gateway.info.name`, else `info.title`."""
    listen_path: str
    """Begins and ends with `/`."""
    strip_listen_path: bool
    active: bool
    """`x-tyk-api-gateway.info.state.active`."""
    authenticated: bool
    """`x-tyk-api-gateway.server.authentication.enabled`; when not said, as the dialect has it."""
    upstream_url: str
    key_places: KeyPlaces = field(default_factory=KeyPlaces)
    """Where a caller's API key stands."""
    allowed_origins: tuple[str, ...] = ()
    """Of web pages that may call all of it (`x-tyk-api-gateway.middleware.global.cors`); `*`: of all."""
    streams: dict[str, CheckedStream] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document and everything found in it."""

    document: StreamingDocument | None
    """None when there is an error."""
    findings: tuple[Finding, ...]
    """In the order of the text."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stands in the way of saving it."""
        return tuple(found for found in self.findings if found.severity is Severity.ERROR)


@dataclass(slots=True)
class _Reading:
    """One document while it is checked."""

    source: Text
    findings: list[Finding] = field(default_factory=list)

    def value(self, node: Node, path: Iterable[str], kind: type, words: str, default: Any) -> Any:
        """The value at a path, checked to be of a type; the default where it is not written."""
        at: Node | None = node
        for key in path:
            at = at.get(key) if at is not None else None
        if at is None or at.value is None:
            return default
        if not isinstance(at.value, kind):
            self.findings.append(
                self.source.finding(at, "wrong_type", f"{words} is expected, not {at.type_name}")
            )
            return default
        return at.value

    def text(self, node: Node, *path: str) -> str:
        """The text at a path; empty where there is none."""
        return str(self.value(node, path, str, "a string", ""))

    def flag(self, node: Node, *path: str, default: bool) -> bool:
        """The truth value at a path."""
        return bool(self.value(node, path, bool, "true or false", default))


def check_document(text: str, registry: Registry, rules: Rules) -> CheckedDocument:
    """Check an OpenAPI document, JSON or YAML, whose `x-tyk-streaming` holds the streams of a definition.

    The shapes are Tyk's: https://tyk.io/docs/api-management/stream-config/.
    """
    root, findings = parse(text)
    if root is None:
        return CheckedDocument(None, tuple(findings))
    reading = _Reading(Text(text), findings)
    if not isinstance(root.value, dict):
        findings.append(reading.source.finding(root, "wrong_type", "an OpenAPI document is an object"))
        return CheckedDocument(None, tuple(findings))
    gateway = root.get(_GATEWAY) or _ROOT
    document = StreamingDocument(
        name=_name(reading, root, gateway),
        listen_path=_listen_path(reading, root, rules),
        strip_listen_path=reading.flag(gateway, "server", "listenPath", "strip", default=True),
        active=reading.flag(gateway, "info", "state", "active", default=True),
        authenticated=_authenticated(reading, gateway, rules.dialect),
        upstream_url=reading.text(gateway, "upstream", "url"),
        key_places=_key_places(reading, root, gateway),
        allowed_origins=_allowed_origins(reading, gateway),
        streams=_streams(reading, root, registry, rules),
    )
    return _result(document, reading.findings)


@lru_cache(maxsize=512)
def is_open(text: str, dialect: str) -> bool:
    """Tell whether anybody may call what a checked document describes: it asks for no key, and answers to HTTP."""
    root, findings = parse(text)
    gateway = (root.get(_GATEWAY) if root is not None else None) or _ROOT
    reading = _Reading(Text(text), findings)
    if root is None or _authenticated(reading, gateway, dialect):
        return False
    streaming = root.get(_STREAMING) or _ROOT
    return bool(reading.text(gateway, "upstream", "url")) or _mentions("http_server", streaming)


def _mentions(key: str, node: Node) -> bool:
    """Tell whether a key stands anywhere below."""
    if isinstance(node.value, dict):
        return key in node.value or any(_mentions(key, child) for child in node.value.values())
    return isinstance(node.value, list) and any(_mentions(key, child) for child in node.value)


def _authenticated(reading: _Reading, gateway: Node, dialect: str) -> bool:
    """Tyk's definitions are open unless they say otherwise; Sluice's own are not."""
    return reading.flag(gateway, "server", "authentication", "enabled", default=dialect != "tyk")


def _key_places(reading: _Reading, root: Node, gateway: Node) -> KeyPlaces:
    """Those of the first security scheme (`server.authentication.securitySchemes`) that names any.

    A scheme that names none itself has the place that OpenAPI's own `components.securitySchemes` gives it.
    """
    schemes = _at(gateway, "server", "authentication", "securitySchemes")
    for name, scheme in schemes.value.items() if isinstance(schemes.value, dict) else ():
        if reading.flag(scheme, "enabled", default=True):
            places = KeyPlaces(_named(reading, scheme, "header"), _named(reading, scheme, "query"))
            places = places if places != KeyPlaces() else _declared_places(reading, root, name)
            if places != KeyPlaces():
                _check_header(reading, scheme, places.header)
                return places
    return KeyPlaces()


def _check_header(reading: _Reading, scheme: Node, header: str) -> None:
    if header and not _HEADER.fullmatch(header):
        message = f"{header!r} is no name of a header"
        remedy = "use letters, digits and hyphens: `X-Shop-Key`"
        reading.findings.append(reading.source.finding(scheme, "header_malformed", message, remedy))


def _named(reading: _Reading, scheme: Node, place: str) -> str:
    """The name of a header or query parameter; keys in a query must be asked for: they end up in logs."""
    enabled = reading.flag(scheme, place, "enabled", default=place == "header")
    return reading.text(scheme, place, "name") if enabled else ""


def _declared_places(reading: _Reading, root: Node, name: str) -> KeyPlaces:
    declared = _at(root, "components", "securitySchemes", name)
    if reading.text(declared, "type") != "apiKey":
        return KeyPlaces()
    places = {"header": "", "query": "", reading.text(declared, "in"): reading.text(declared, "name")}
    return KeyPlaces(places["header"], places["query"])


def _at(node: Node, *path: str) -> Node:
    """What stands at a path; nothing, where it is not written."""
    for key in path:
        node = node.get(key) or _ROOT
    return node


def _allowed_origins(reading: _Reading, gateway: Node) -> tuple[str, ...]:
    cors = ("middleware", "global", "cors")
    if not reading.flag(gateway, *cors, "enabled", default=False):
        return ()
    written: list[Node] = reading.value(gateway, (*cors, "allowedOrigins"), list, "a list of origins", [])
    for node in written:
        if not isinstance(node.value, str):
            reading.findings.append(reading.source.finding(node, "wrong_type", "an origin is a string"))
    return tuple(str(node.value) for node in written)


def _result(document: StreamingDocument, findings: list[Finding]) -> CheckedDocument:
    ordered = tuple(sorted(findings, key=lambda found: (found.line, found.column)))
    checked = CheckedDocument(document, ordered)
    return replace(checked, document=None) if checked.errors else checked


def _name(reading: _Reading, root: Node, gateway: Node) -> str:
    name = reading.text(gateway, "info", "name") or reading.text(root, "info", "title")
    if not name.strip():
        reading.findings.append(
            reading.source.finding(
                root.get("info") or root,
                "missing_field",
                "the definition has no name",
                f"set {_GATEWAY}.info.name",
            )
        )
    return name.strip()


def _listen_path(reading: _Reading, root: Node, rules: Rules) -> str:
    place = root
    for key in (_GATEWAY, "server", "listenPath", "value"):
        place = place.get(key) or place
    written = reading.text(root, _GATEWAY, "server", "listenPath", "value")
    path = f"/{written.strip('/')}/" if written.strip("/") else "/"
    for code, message, remedy in _path_faults(written, path, rules):
        reading.findings.append(reading.source.finding(place, code, message, remedy))
    return path


def _path_faults(written: str, path: str, rules: Rules) -> Iterable[tuple[str, str, str]]:
    if not written:
        yield "missing_field", "the definition has no listen path", f"set {_GATEWAY}.server.listenPath.value"
    elif not written.startswith("/") or path == "/":
        yield "listen_path_malformed", f"{written!r} is no listen path", "write it as `/orders/`"
    elif any(part in {"", ".", ".."} for part in path.split("/")[1:-1]) or set(written) & set("?#%{}\\ "):
        yield "listen_path_malformed", f"{written!r} is no plain path", "use plain segments: `/shop/orders/`"
    elif "/" + path.split("/")[1] in rules.reserved_paths:
        yield "listen_path_reserved", f"{path} belongs to Sluice itself", "choose another first segment"


def _streams(reading: _Reading, root: Node, registry: Registry, rules: Rules) -> dict[str, CheckedStream]:
    node = _streams_node(reading, root)
    checked: dict[str, CheckedStream] = {}
    for name, child in node.value.items() if node is not None else ():
        stream, findings = check_stream(name, child, reading.source, registry, rules)
        reading.findings.extend(findings)
        if stream is not None:
            checked[name] = stream
    return checked


def _streams_node(reading: _Reading, root: Node) -> Node | None:
    streaming = root.get(_STREAMING)
    streams = streaming.get("streams") if streaming is not None else None
    for key, child in streaming.value.items() if streaming and isinstance(streaming.value, dict) else ():
        if key != "streams":
            unknown_key(reading, key, child, ["streams"])
    if streams is None or not isinstance(streams.value, dict) or not streams.value:
        message = f"{_STREAMING} needs `streams`: an object with at least one named stream"
        reading.findings.append(
            reading.source.finding(streams or streaming or root, "missing_field", message)
        )
        return None
    return streams
