"""A request's parts to messages: contents by its media type, metadata from headers, query and path."""

import itertools
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from email.message import Message as HeaderBlock
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl

from gateway.ingest_refusal import IngestRefusedError
from gateway.withheld import Withheld
from streams.message import Message, Request, Source

MAX_MESSAGES: Final = 10_000
"""Messages of one request."""
MAX_PARAMETERS: Final = 100
"""Parameters of a query."""
MAX_KEY: Final = 255
"""Characters of an `Idempotency-Key`."""
_LINES: Final = frozenset({b"application/x-ndjson", b"application/ndjson", b"application/jsonl"})
_NOT_OURS: Final = frozenset({b"host", b"transfer-encoding", b"trailer"})
"""Headers that Go's server, and so Bento, takes out of a request."""
_OWN: Final = "http_server_"
"""How metadata begins that the gateway writes, and no caller may."""
_CONTROL_IN_HEADER: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SOUND_KEY: Final = re.compile(rb"[\x21-\x7e]{1,%d}" % MAX_KEY)

_PROCESS: Final = os.urandom(8)
_COUNT: Final = itertools.count()

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Names in lower case, as ASGI has them."""


def split_body(content_type: bytes, body: bytes) -> list[bytes]:
    """The contents of the messages in a body, at least one. Raises IngestRefusedError.

    Lines of NDJSON that are not blank, parts of `multipart/*` (RFC 2046), and anything else as it is.
    """
    media_type = _media_type(content_type)
    if media_type in _LINES:
        return _some(_bounded([line.rstrip(b"\r") for line in body.split(b"\n") if line.strip()]))
    if media_type.startswith(b"multipart/"):
        return _some(_bounded(_parts(content_type, body)))
    return [body]


@lru_cache(maxsize=256)
def _media_type(content_type: bytes) -> bytes:
    return content_type.partition(b";")[0].strip().lower()


def _bounded(contents: list[bytes]) -> list[bytes]:
    if len(contents) > MAX_MESSAGES:
        raise IngestRefusedError(
            413, "too_many_messages", f"a request brings at most {MAX_MESSAGES} messages"
        )
    return contents


def _some(contents: list[bytes]) -> list[bytes]:
    if not contents:
        raise IngestRefusedError(400, "no_message", "there is no message in the body")
    return contents


def _parts(content_type: bytes, body: bytes) -> list[bytes]:
    delimiter = b"\r\n--" + _boundary(content_type)
    _, *sections = (b"\r\n" + body).split(delimiter, MAX_MESSAGES + 2)
    end = next((at for at, section in enumerate(sections) if section.startswith(b"--")), None)
    if end is None and len(sections) <= MAX_MESSAGES:
        raise IngestRefusedError(
            400, "multipart_malformed", "the multipart body does not end with its boundary"
        )
    return [_content(section) for section in sections[:end]]


def _boundary(content_type: bytes) -> bytes:
    header = HeaderBlock()
    header["Content-Type"] = header_text(content_type).replace("\r", "").replace("\n", "")
    boundary = header.get_boundary() or ""
    if not boundary or not boundary.isascii() or len(boundary) > 70:
        message = "multipart needs a boundary of 1 to 70 characters in its `Content-Type`"
        raise IngestRefusedError(400, "multipart_malformed", message)
    return boundary.encode()


def _content(section: bytes) -> bytes:
    """What follows the headers of a part; between the boundary and them there may be spaces and tabs."""
    head, ended, content = section.partition(b"\r\n\r\n")
    padding = head.partition(b"\r\n")[0]
    if not ended or padding.strip(b" \t"):
        raise IngestRefusedError(
            400, "multipart_malformed", "a part of the multipart body has no end of its headers"
        )
    return content


def request_metadata(
    scope: Mapping[str, Any], path: str, parameters: Mapping[str, str], address: str, withheld: Withheld
) -> dict[str, Any]:
    """Metadata of what an HTTP request brings, as Bento's `http_server` gives it. Raises IngestRefusedError.

    path: as the stream's definition has it. The first value of each header, under its canonical name
    (`Content-Type`), then query parameters, then path parameters; later ones replace earlier ones. Unlike in Bento no
    caller can replace what begins with `http_server_`, and neither cookies nor credentials are among them.
    """
    metadata = _metadata(scope, parameters, withheld)
    metadata["http_server_request_path"] = path
    metadata["http_server_verb"] = scope["method"]
    metadata["http_server_remote_ip"] = address
    return metadata


def handshake_metadata(
    scope: Mapping[str, Any], parameters: Mapping[str, str], withheld: Withheld
) -> dict[str, Any]:
    """Metadata of what a WebSocket brings; as in Bento, without path, verb and address."""
    return _metadata(scope, parameters, withheld)


def _metadata(scope: Mapping[str, Any], parameters: Mapping[str, str], withheld: Withheld) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    hidden = withheld.headers
    headers: RawHeaders = scope["headers"]
    for name, value in headers:
        if name not in hidden and (key := canonical(name)) and key not in metadata:
            text = value.decode() if value.isascii() else header_text(value)
            if not text.isprintable() and _CONTROL_IN_HEADER.search(text):
                message = "a header has a control character in its value"
                raise IngestRefusedError(400, "control_character", message)
            metadata[key] = text
    if scope["query_string"]:
        metadata |= {
            name: value
            for name, value in query_parameters(scope["query_string"], withheld).items()
            if not name.startswith(_OWN)
        }
    if parameters:
        _refuse_control(parameters, "path")
        metadata |= {name: value for name, value in parameters.items() if not name.startswith(_OWN)}
    metadata["http_server_user_agent"] = metadata.get("User-Agent", "")
    return metadata


@lru_cache(maxsize=1024)
def canonical(name: bytes) -> str:
    """A header's name as Go writes it, `Content-Type`; empty for those a server keeps to itself."""
    if name in _NOT_OURS:
        return ""
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))


def header_text(value: bytes) -> str:
    """A header's value; what is no UTF-8 is read as Latin-1, of which any bytes are some."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def query_parameters(query: bytes, withheld: Withheld) -> dict[str, str]:
    """The first value of each parameter, without credentials. Raises IngestRefusedError."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        message = f"a query has at most {MAX_PARAMETERS} parameters"
        raise IngestRefusedError(400, "too_many_parameters", message) from None
    parameters = {name: value for name, value in reversed(pairs) if name not in withheld.parameters}
    _refuse_control(parameters, "query")
    return parameters


def _refuse_control(parameters: Mapping[str, str], where: str) -> None:
    # They may become headers elsewhere, where a line end would begin another.
    for name, value in parameters.items():
        if _CONTROL.search(name) or _CONTROL.search(value):
            message = f"a parameter in the {where} has a control character; send such text in the body"
            raise IngestRefusedError(400, "control_character", message)


def own_identity() -> bytes:
    """16 bytes that name what one request brings, and nothing else."""
    return _PROCESS + next(_COUNT).to_bytes(8)


def keyed_identity(sent_as: bytes, caller: str) -> bytes:
    """16 bytes that name what a request brings by its idempotency key, within its caller.

    sent_as: the value of `Idempotency-Key` or `webhook-id`. The same key again gives the same identity, so that an
    output which knows what it has already (`portal_webhook`) takes it once. Raises IngestRefusedError.
    """
    if not _SOUND_KEY.fullmatch(sent_as):
        message = f"an idempotency key is 1 to {MAX_KEY} visible ASCII characters"
        raise IngestRefusedError(400, "idempotency_key_malformed", message)
    return blake2b(caller.encode() + b"\0" + sent_as, digest_size=16).digest()


def make_messages(
    contents: Sequence[bytes],
    metadata: dict[str, Any],
    identity: bytes,
    place: str,
    request: Request | None = None,
) -> list[Message]:
    """Messages of one request, each with an identity of its own.

    place: where they came in, for people.
    """
    now = time.time_ns() // 1_000_000
    position = f"{place}#{identity.hex()}"
    if len(contents) == 1:
        return [Message(contents[0], metadata=metadata, source=Source(identity, now, position, request))]
    return [
        Message(
            content,
            metadata=dict(metadata),
            source=Source(identity + at.to_bytes(4), now, f"{position}/{at}", request),
        )
        for at, content in enumerate(contents)
    ]
