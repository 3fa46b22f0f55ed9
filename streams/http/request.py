"""How the request for a message is made of the fields of a component."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streams import bloblang
from streams.bloblang import Interpolation
from streams.bloblang.values import to_string
from streams.http.client import Call
from streams.http.multipart import Part, encode_parts
from streams.http.selection import Selection, make_selection
from streams.http.tls import make_context
from streams.message import Message
from streams.spec import Config

_OCTETS: Final = "application/octet-stream"
"""What a body is where nothing says what it is, as in Bento."""


@dataclass(frozen=True, slots=True)
class PartTemplate:
    """How one part of an explicit multipart body is made."""

    content_type: Interpolation
    content_disposition: Interpolation
    body: Interpolation

    def fill(self, messages: list[Message], index: int) -> Part:
        """The part for one message of a batch. Raises MappingError."""
        headers = {
            "Content-Type": self.content_type.resolve(messages, index),
            "Content-Disposition": self.content_disposition.resolve(messages, index),
        }
        given = {name: value for name, value in headers.items() if value}
        return Part(given, self.body.resolve_bytes(messages, index))


@dataclass(frozen=True, slots=True)
class Template:
    """How the request for a message is made."""

    verb: str
    url: Interpolation
    headers: Mapping[str, Interpolation]
    metadata: Selection
    """Metadata that become headers."""
    payload: Interpolation | None
    """None: the payload of the message."""
    seconds: float
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request."""
    tls: ssl.SSLContext | None = None
    parts: tuple[PartTemplate, ...] = ()
    """The parts of every body; none: the body is the payload."""

    def fill(self, messages: list[Message], index: int) -> Call:
        """The request for one message of a batch. Raises MappingError."""
        if self.parts and self.payload is None:
            return self._multipart(messages, index, [part.fill(messages, index) for part in self.parts])
        message = messages[index]
        body = message.content if self.payload is None else self.payload.resolve_bytes(messages, index)
        headers = self._headers(messages, index)
        if body and not _content_type(headers):
            headers["Content-Type"] = _OCTETS
        return self._call(messages, index, headers, body)

    def fill_batch(self, messages: list[Message]) -> Call:
        """One request for a whole batch, a part for each message; one message alone, or a payload, is no multipart."""
        if len(messages) == 1 or self.parts or self.payload is not None:
            return self.fill(messages, 0)
        return self._multipart(messages, 0, [self._part(messages, at) for at in range(len(messages))])

    def _part(self, messages: list[Message], at: int) -> Part:
        content_type = _content_type(self._made(messages, at)) or _OCTETS
        return Part({**self._taken(messages[at]), "Content-Type": content_type}, messages[at].content)

    def _multipart(self, messages: list[Message], index: int, parts: list[Part]) -> Call:
        content_type, body = encode_parts(parts)
        given = self._headers(messages, index)
        headers = {name: value for name, value in given.items() if name.lower() != "content-type"}
        return self._call(messages, index, {**headers, "Content-Type": content_type}, body)

    def _call(self, messages: list[Message], index: int, headers: Mapping[str, str], body: bytes) -> Call:
        return Call(self.verb, self.url.resolve(messages, index), headers, body, self.seconds, self.tls)

    def _headers(self, messages: list[Message], index: int) -> dict[str, str]:
        return {**self._taken(messages[index]), **self._made(messages, index), **self.fixed}

    def _made(self, messages: list[Message], index: int) -> dict[str, str]:
        return {name: text.resolve(messages, index) for name, text in self.headers.items()}

    def _taken(self, message: Message) -> dict[str, str]:
        return {
            name: to_string(value) for name, value in message.metadata.items() if self.metadata.takes(name)
        }


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")


def make_template(config: Config) -> Template:
    """The template that a checked body describes."""
    payload: Any = config["payload"] or config["body"]
    basic = config["basic_auth"]
    credentials = base64.b64encode(f"{basic['username']}:{basic['password']}".encode()).decode()
    return Template(
        config["verb"].upper(),
        bloblang.interpolate(config["url"]),
        {name: bloblang.interpolate(text) for name, text in config["headers"].items()},
        make_selection(config["metadata"]),
        bloblang.interpolate(payload) if payload else None,
        config["timeout"],
        {"Authorization": f"Basic {credentials}"} if basic["enabled"] else {},
        make_context(config["tls"]),
        tuple(_part_template(part) for part in config.get("multipart", ())),
    )


def _part_template(part: Mapping[str, str]) -> PartTemplate:
    return PartTemplate(
        bloblang.interpolate(part["content_type"]),
        bloblang.interpolate(part["content_disposition"]),
        bloblang.interpolate(part["body"]),
    )
