"""What a request is answered that its stream has taken: nothing, or what `sync_response` gave back."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import re2

from gateway.http_server_input import HOP_BY_HOP
from gateway.ingest_refusal import IngestRefusedError
from streams.bloblang import Interpolation, MappingError, interpolate
from streams.bloblang.values import to_string
from streams.message import Message

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")
"""What a header's value may be made of (RFC 9110 section 5.5); it is sent as UTF-8."""
_UNTYPED: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


EMPTY: Final = Answer(200, [(b"content-length", b"0")])


class SyncAnswer:
    """The field `sync_response` of an `http_server` input, ready for use."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._status = interpolate(config["status"])
        self._headers = {name: interpolate(value) for name, value in config["headers"].items()}
        self._prefixes = tuple(config["metadata_headers"]["include_prefixes"])
        self._patterns = [re2.compile(pattern) for pattern in config["metadata_headers"]["include_patterns"]]

    def answer(self, responses: Sequence[Message]) -> Answer:
        """The response made of what was given back. Raises IngestRefusedError where it cannot be.

        One message is the body; several are the parts of a `multipart/form-data`, as Bento has it.
        """
        if not responses:
            return EMPTY
        headers = self._resolved(responses)
        body = responses[0].content
        if len(responses) > 1:
            body, headers["content-type"] = _multipart(responses, headers.get("content-type", _UNTYPED))
        headers["content-length"] = str(len(body))
        encoded = [(name.encode("ascii"), value.encode()) for name, value in headers.items()]
        return Answer(self._code(responses), encoded, body)

    def _resolved(self, responses: Sequence[Message]) -> dict[str, str]:
        headers = {"content-type": _UNTYPED}
        for name, value in [*self._written(responses), *self._chosen(responses[0])]:
            if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise _unusable(f"the header {name!r} would have characters that no header has")
            if name.lower() not in HOP_BY_HOP:
                headers[name.lower()] = value
        return headers

    def _written(self, responses: Sequence[Message]) -> Iterator[tuple[str, str]]:
        for name, value in self._headers.items():
            yield name, _resolve(value, responses)

    def _chosen(self, message: Message) -> Iterator[tuple[str, str]]:
        """Metadata that become headers; as in Bento they replace those of the same name."""
        for name, value in message.metadata.items():
            if name.startswith(self._prefixes) or any(pattern.search(name) for pattern in self._patterns):
                yield name, to_string(value)

    def _code(self, responses: Sequence[Message]) -> int:
        text = _resolve(self._status, responses)
        if not re.fullmatch(r"[2-5][0-9]{2}", text):
            raise _unusable(f"{text[:20]!r} is no status code")
        return int(text)


def _resolve(text: Interpolation, responses: Sequence[Message]) -> str:
    try:
        return text.resolve(responses)
    except MappingError as error:
        raise _unusable(str(error)) from error


def _unusable(reason: str) -> IngestRefusedError:
    detail = f"the stream's `sync_response` makes no answer: {reason}. The messages were accepted"
    return IngestRefusedError(HTTPStatus.BAD_GATEWAY, "answer_unusable", detail)


def _multipart(responses: Sequence[Message], content_type: str) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    head = f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
    parts = [head + message.content + b"\r\n" for message in responses]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
