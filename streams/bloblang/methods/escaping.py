"""Methods that quote and escape text."""

from __future__ import annotations

import html
import urllib.parse
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import quoted
from streams.bloblang.gonumber import unquote as go_unquote
from streams.bloblang.registry import example, method
from streams.bloblang.values import bytes_string, get_string, string_bytes


@method(
    "quote",
    "The text as a Go string literal.",
    examples=(example("root = this.quote()", ('a"\n', '"a\\"\\n"')),),
)
def quote(value: Any) -> str:
    """The literal."""
    return quoted(get_string(value))


@method(
    "unquote",
    "The text of a Go string literal.",
    examples=(example("root = this.unquote()", ('"a\\tb"', "a\tb")),),
)
def unquote(value: Any) -> str:
    """The text."""
    text = get_string(value)
    if len(text) >= 2 and text[0] == "`" == text[-1] and "`" not in text[1:-1]:
        return text[1:-1].replace("\r", "")
    return go_unquote(text)


@method(
    "escape_html",
    "The text with <, >, &, ' and \" escaped for HTML.",
    examples=(example("root = this.escape_html()", ("a<b", "a&lt;b")),),
)
def escape_html(value: Any) -> str:
    """The escaped text."""
    return html.escape(get_string(value)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


@method(
    "unescape_html",
    "The text with HTML's character references resolved.",
    examples=(example("root = this.unescape_html()", ("a&lt;b", "a<b")),),
)
def unescape_html(value: Any) -> str:
    """The plain text."""
    return html.unescape(get_string(value))


@method(
    "escape_url_query",
    "The text escaped for the query of a URL.",
    examples=(example("root = this.escape_url_query()", ("a b&c", "a+b%26c")),),
)
def escape_url_query(value: Any) -> str:
    """The escaped text."""
    return urllib.parse.quote_plus(string_bytes(get_string(value)), safe="")


@method(
    "unescape_url_query",
    "The text of a URL's query, unescaped.",
    examples=(example("root = this.unescape_url_query()", ("a+b%26c", "a b&c")),),
)
def unescape_url_query(value: Any) -> str:
    """The plain text. Raises Fault for a malformed escape."""
    text = get_string(value)
    for part in text.split("%")[1:]:
        if len(part) < 2 or not all(char in "0123456789abcdefABCDEF" for char in part[:2]):
            raise Fault(f"invalid URL escape {quoted('%' + part[:2])}")
    return bytes_string(urllib.parse.unquote_to_bytes(text.replace("+", " ")))
