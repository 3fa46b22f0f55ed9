"""Bodies of several parts (RFC 2046), written and read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message as HeaderBlock


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body."""

    headers: Mapping[str, str]
    content: bytes


def encode_parts(parts: Sequence[Part]) -> tuple[str, bytes]:
    """A `multipart/form-data` body. Returns its media type with the boundary, and the body."""
    boundary = uuid.uuid4().hex
    sections: list[bytes] = []
    for part in parts:
        head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in part.headers.items())
        sections.append(f"--{boundary}\r\n{head}\r\n".encode() + part.content + b"\r\n")
    sections.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(sections)


def decode_parts(content_type: str, body: bytes) -> list[bytes]:
    """The contents of a body: of each part where it is multipart, else the body itself.

    Raises ValueError for a multipart body that cannot be read.
    """
    if not content_type.lower().startswith("multipart/"):
        return [body]
    header = HeaderBlock()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if not boundary:
        raise ValueError("the multipart answer names no boundary")
    _, *sections = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    end = next((at for at, section in enumerate(sections) if section.startswith(b"--")), None)
    if end is None:
        raise ValueError("the multipart answer does not end with its boundary")
    return [section.partition(b"\r\n\r\n")[2] for section in sections[:end]]


def _one_line(value: str) -> str:
    """A value that ends no header: a line break in it would begin another."""
    return value.replace("\r", " ").replace("\n", " ")
