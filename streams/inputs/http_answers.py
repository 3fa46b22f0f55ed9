"""Messages of what an HTTP service answered."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable
from typing import Any, Final

from streams.http.client import Answer
from streams.http.multipart import decode_parts
from streams.http.selection import Selection
from streams.message import Message, Source

STATUS: Final = "http_status_code"
_COUNT: Final = itertools.count(1)


def answer_metadata(status: int, headers: Iterable[tuple[str, str]], taken: Selection) -> dict[str, Any]:
    """The metadata that an answer gives its messages."""
    return {STATUS: status, **{name: value for name, value in headers if taken.takes(name)}}


def answer_messages(answer: Answer, taken: Selection, url: str) -> list[Message]:
    """The messages in an answer, a part each. Raises ValueError for a multipart answer that cannot be read."""
    content_type = next((value for name, value in answer.headers if name == "content-type"), "")
    metadata = answer_metadata(answer.status, answer.headers, taken)
    return [
        Message(content, metadata=dict(metadata), source=answer_source(url))
        for content in decode_parts(content_type, answer.body)
    ]


def answer_source(url: str) -> Source:
    """Nothing reads an answer again but this process, so a random identity is as good as a stored one."""
    return Source(os.urandom(16), time.time_ns() // 1_000_000, f"{url.partition('?')[0]}#{next(_COUNT)}")
