"""Variables of the caller in a text: `$tyk_context.name` and `$tyk_meta.name`.

They are found when the text is read, and their values are put in when it is evaluated: a value is never read as
configuration or code, whatever is in it. The names are Tyk's
(https://tyk.io/docs/api-management/traffic-transformation/request-context-variables/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_VARIABLE: Final = re.compile(r"\$(tyk_(?:context|meta)\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)", re.ASCII)

Parts = tuple[str, ...]
"""Literal text and names of variables in turn, beginning and ending with a literal."""


def split_text(text: str) -> Parts:
    """Take a text apart at its variables; one part: it has none."""
    return tuple(_VARIABLE.split(text)) if "$tyk_" in text else (text,)


def names_in(text: str) -> Iterator[str]:
    """Names of the variables in a text, such as `tyk_context.request_id`."""
    yield from split_text(text)[1::2]


def join_text(parts: Parts, values: Mapping[str, str]) -> str:
    """The text with the values of its variables; one without a value is empty."""
    return "".join(values.get(part, "") if at % 2 else part for at, part in enumerate(parts))
