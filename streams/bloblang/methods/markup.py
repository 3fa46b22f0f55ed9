"""HTML tags, slugs and other treatment of text as people read it."""

from __future__ import annotations

import html
import re
import unicodedata
import uuid
from html.parser import HTMLParser
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.methods.strings import as_text
from streams.bloblang.registry import OPTIONAL, Naming, array, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_bytes, get_string, type_fault_text

# What stands between these tags is no text.
_SILENT = frozenset(("script", "style"))


class _Stripper(HTMLParser):
    """Keeps text and the tags to preserve, without their attributes."""

    def __init__(self, preserved: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._preserved = preserved
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - attributes go
        self._silent += tag in _SILENT
        if tag in self._preserved:
            self.parts.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in self._preserved:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(html.escape(data).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"))


@method(
    "strip_html",
    "The text without HTML tags, but for the elements to preserve.",
    parameters=(array("preserve", OPTIONAL),),
    context=True,
    examples=(
        example("root = this.strip_html()", ("<p>a <b>b</b></p>", "a b")),
        example('root = this.strip_html(["b"])', ("<p>a <b>b</b></p>", "a <b>b</b>")),
    ),
)
def strip_html(run: Run, value: Any, preserve: list[Any] | None) -> Any:
    """The text or bytes."""
    names = set()
    for position, name in enumerate(preserve or ()):
        if not isinstance(name, str):
            raise Fault(f"invalid arg at index {position}: {type_fault_text(TypeFault(name, ('string',)))}")
        names.add(name.lower())

    def stripped(text: str) -> str:
        run.charge(16 * len(text))
        stripper = _Stripper(frozenset(names))
        stripper.feed(text)
        stripper.close()
        return "".join(stripper.parts)

    return as_text(value, stripped)


_AND = {
    "en": "and",
    "de": "und",
    "es": "y",
    "fr": "et",
    "nl": "en",
    "it": "e",
    "pt": "e",
    "sv": "och",
    "tr": "ve",
}
_AT = {
    "en": "at",
    "de": "an",
    "es": "en",
    "fr": "arobase",
    "nl": "at",
    "it": "at",
    "pt": "at",
    "sv": "snabel a",
    "tr": "at",
}
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "œ": "oe", "þ": "th", "ð": "d", "\u0131": "i"}
)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@method(
    "slug",
    "The text as a slug for URLs, in the given language.",
    parameters=(string("lang", "en"),),
    naming=Naming.NONE,
    examples=(example("root = this.slug()", ("Tea & Cake, déjà vu!", "tea-and-cake-deja-vu")),),
)
def slug(value: Any, lang: str) -> str:
    """Small letters, digits and hyphens."""
    text = get_string(value).strip().lower()
    text = text.replace("&", f" {_AND.get(lang, 'and')} ").replace("@", f" {_AT.get(lang, 'at')} ")
    text = text.translate(_GERMAN if lang == "de" else {}).translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"['\u2019]", "", plain)
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")


@method(
    "uuid_v5",
    "The UUID of version 5 of the text, in a namespace: dns, url, oid, x500, or a UUID.",
    parameters=(string("ns", OPTIONAL),),
    naming=Naming.NONE,
    examples=(
        example('root = this.uuid_v5("dns")', ("example.com", "cfbff0d1-9375-5685-968c-48ce8b15ae17")),
    ),
)
def uuid_v5(value: Any, namespace: str | None) -> str:
    """The UUID."""
    known = {
        "dns": uuid.NAMESPACE_DNS, "url": uuid.NAMESPACE_URL, "oid": uuid.NAMESPACE_OID, "x500": uuid.NAMESPACE_X500,
        "": uuid.UUID(int=0), None: uuid.UUID(int=0),
    }  # fmt: skip
    try:
        space = known.get(namespace.lower() if namespace else namespace) or uuid.UUID(namespace or "0" * 32)
    except ValueError:
        raise Fault(f"invalid ns uuid: {namespace}") from None
    return str(uuid.uuid5(space, get_string(value)))


@method(
    "is_unicode",
    "Whether bytes are UTF-8 without code points that stand for no character.",
    naming=Naming.NONE,
    boolean=True,
    examples=(
        example('root = this.decode("hex").is_unicode()', ("c3a4", True), ("ff", False), ("efbfbe", False)),
    ),
)
def is_unicode(value: Any) -> bool:
    """Whether they are."""
    try:
        text = get_bytes(value).decode()
    except UnicodeDecodeError:
        return False
    return not any(ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF for char in text)


_LOGFMT = re.compile(r'\s*([^\s="]+)(?:=("(?:[^"\\]|\\.)*"|[^\s"]*))?')


@method(
    "parse_logfmt",
    "The keys and values of a line of logfmt; a key without a value is true.",
    naming=Naming.NONE,
    examples=(
        example("root = this.parse_logfmt()", ('a=1 msg="x y" ok', {"a": "1", "msg": "x y", "ok": "true"})),
    ),
)
def parse_logfmt(value: Any) -> dict[str, str]:
    """The fields, all as text."""
    fields = {}
    for key, written in _LOGFMT.findall(get_string(value)):
        text = written[1:-1].replace('\\"', '"').replace("\\\\", "\\") if written.startswith('"') else written
        fields[key] = text if written else "true"
    return fields
