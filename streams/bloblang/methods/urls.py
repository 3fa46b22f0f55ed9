"""URLs, forms and file paths."""

from __future__ import annotations

import posixpath
import re
import urllib.parse
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.gonumber import quoted
from streams.bloblang.registry import Naming, example, method
from streams.bloblang.values import bytes_string, get_string, require_list, string_bytes, type_fault_text

_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def _unescaped(text: str, whole: str, *, plus: bool = False) -> str:
    bad = _ESCAPE.search(text)
    if bad is not None:
        escape = text[bad.start() : bad.start() + 3]
        problem = f"invalid URL escape {quoted(escape)}"
        raise Fault(f"parse {quoted(whole)}: {problem}" if whole else problem)
    return bytes_string(urllib.parse.unquote_to_bytes(string_bytes(text.replace("+", " ") if plus else text)))


@method(
    "parse_url",
    "The parts of a URL as an object.",
    examples=(
        example(
            "root = this.parse_url()",
            (
                "https://ada:pw@example.com:8080/a%20b?q=1#top",
                {
                    "scheme": "https", "opaque": "", "host": "example.com:8080", "path": "/a b", "raw_path": "",
                    "raw_query": "q=1", "fragment": "top", "raw_fragment": "",
                    "user": {"name": "ada", "password": "pw"},
                },
            ),
        ),
    ),
)  # fmt: skip
def parse_url(value: Any) -> dict[str, Any]:
    """The parts, named as in Go's net/url."""
    text = get_string(value)
    whole, _, raw_fragment = text.partition("#")
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in whole):
        raise Fault(f"parse {quoted(whole)}: net/url: invalid control character in URL")
    scheme, rest = _scheme(whole)
    rest, _, raw_query = rest.partition("?")
    parts: dict[str, Any] = {"scheme": scheme, "opaque": "", "host": "", "raw_query": raw_query}
    if scheme and not rest.startswith("/"):
        parts["opaque"], rest = rest, ""
    elif rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        parts.update(_authority(authority, whole))
    path = _unescaped(rest, whole)
    parts.update(path=path, raw_path=_raw(rest, path))
    fragment = _unescaped(raw_fragment, text)
    return {**parts, "fragment": fragment, "raw_fragment": _raw(raw_fragment, fragment)}


def _scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if match is not None:
        return match.group(1).lower(), text[match.end() :]
    colon = text.partition("/")[0].find(":")
    if text.startswith(":"):
        raise Fault(f"parse {quoted(text)}: missing protocol scheme")
    if colon >= 0 and not text.startswith("?"):
        raise Fault(f"parse {quoted(text)}: first path segment in URL cannot contain colon")
    return "", text


def _authority(authority: str, whole: str) -> dict[str, Any]:
    credentials, at, host = authority.rpartition("@")
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    if port and not port.isdigit():
        raise Fault(f"parse {quoted(whole)}: invalid port {quoted(':' + port)} after host")
    if " " in host:
        raise Fault(f'parse {quoted(whole)}: invalid character " " in host name')
    parts: dict[str, Any] = {"host": _unescaped(host, whole) if "%" in host else host}
    if at:
        name, colon, password = credentials.partition(":")
        user = {"name": _unescaped(name, whole)}
        parts["user"] = {**user, "password": _unescaped(password, whole)} if colon else user
    return parts


def _raw(written: str, plain: str) -> str:
    # Go keeps the written form only where escaping the plain one would not give it back.
    return "" if urllib.parse.quote(string_bytes(plain), safe="/!$&'()*+,;=:@~") == written else written


@method(
    "parse_form_url_encoded",
    "The fields of a form; a name that occurs more than once gives an array.",
    naming=Naming.NONE,
    examples=(
        example("root = this.parse_form_url_encoded()", ("a=1&b=x+y&b=z", {"a": "1", "b": ["x y", "z"]})),
    ),
)
def parse_form_url_encoded(value: Any) -> dict[str, Any]:
    """The fields."""
    fields: dict[str, list[str]] = {}
    for pair in get_string(value).split("&"):
        if ";" in pair:
            raise Fault("failed to parse value as url-encoded data: invalid semicolon separator in query")
        if pair:
            name, _, content = pair.partition("=")
            fields.setdefault(_field(name), []).append(_field(content))
    return {name: contents[0] if len(contents) == 1 else contents for name, contents in fields.items()}


def _field(text: str) -> str:
    try:
        return _unescaped(text, "", plus=True)
    except Fault as fault:
        raise Fault(f"failed to parse value as url-encoded data: {fault.text}") from None


@method(
    "escape_url_path",
    "The text escaped for a segment of a URL's path.",
    examples=(example("root = this.escape_url_path()", ("a b/c", "a%20b%2Fc")),),
)
def escape_url_path(value: Any) -> str:
    """The escaped text."""
    return urllib.parse.quote(string_bytes(get_string(value)), safe="$&+=:@")


@method(
    "unescape_url_path",
    "The text of a segment of a URL's path, unescaped.",
    examples=(example("root = this.unescape_url_path()", ("a%20b+c", "a b+c")),),
)
def unescape_url_path(value: Any) -> str:
    """The plain text."""
    return _unescaped(get_string(value), "")


@method(
    "filepath_join",
    "The elements joined into one path.",
    examples=(example("root = this.filepath_join()", (["/a/", "../b.txt"], "/b.txt")),),
)
def filepath_join(value: Any) -> str:
    """The path, cleaned."""
    elements = []
    for position, element in enumerate(require_list(value)):
        try:
            elements.append(get_string(element))
        except TypeFault as fault:
            raise Fault(f"path element {position}: {type_fault_text(fault)}") from None
    joined = "/".join(filter(None, elements))
    cleaned = posixpath.normpath(joined) if joined else ""
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@method(
    "filepath_split",
    "The directory and the file name of a path.",
    examples=(
        example("root = this.filepath_split()", ("/a/b.txt", ["/a/", "b.txt"]), ("b.txt", ["", "b.txt"])),
    ),
)
def filepath_split(value: Any) -> list[str]:
    """Both parts."""
    directory, slash, name = get_string(value).rpartition("/")
    return [directory + slash, name]
