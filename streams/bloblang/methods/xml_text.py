"""XML to values and back, by the rules of https://github.com/clbanning/mxj."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import parse_float
from streams.bloblang.registry import Naming, boolean, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import bytes_string, get_bytes, require_dict, to_string
from streams.jsontext import Float

# Attribute values may stand without quotes, which mxj takes.
_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<\?.*?\?>|<![^>\[]*(?:\[[^\]]*\])?[^>]*>"
    r"|</(?P<close>[^\s>]+)\s*>|<(?P<open>[^\s/>!?]+)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>/]+))")
# As https://www.w3.org/TR/xml/#NT-Name has it.
_NAME_START = (
    r":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    r"\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = re.compile(rf"[{_NAME_START}][{_NAME_START}\-.0-9\xb7\u0300-\u036f\u203f\u2040]*")
_MAX_DEPTH = 200


@method(
    "parse_xml",
    "The value of an XML document: elements are keys, attributes keys with a hyphen, repeated elements arrays. "
    "`cast` makes numbers and bools of texts that look like them.",
    parameters=(boolean("cast", default=False),),
    context=True,
    naming=Naming.NONE,
    examples=(
        example(
            "root = this.parse_xml()", ('<a x="1"><b>t</b><b>u</b></a>', {"a": {"-x": "1", "b": ["t", "u"]}})
        ),
        example("root = this.parse_xml(true)", ("<a><b>2</b><c>true</c></a>", {"a": {"b": 2.0, "c": True}})),
    ),
)
def parse_xml(run: Run, value: Any, cast: bool) -> dict[str, Any]:  # noqa: FBT001 - a parameter of the language
    """The document as one object."""
    text = bytes_string(get_bytes(value))
    run.charge(8 * len(text))
    reader = _Reader(_TOKEN.finditer(text), cast=cast)
    return reader.document()


class _Reader:
    """Builds the object of a document from its tokens. Only the five entities of XML are known."""

    def __init__(self, tokens: Iterator[re.Match[str]], *, cast: bool) -> None:
        self._tokens = tokens
        self._cast = cast
        self._depth = 0

    def document(self) -> dict[str, Any]:
        for token in self._tokens:
            if token.group("open") is not None:
                return {_local(token.group("open")): self._element(token)}
        raise Fault("failed to parse value as XML: EOF")

    def _element(self, token: re.Match[str]) -> Any:
        attributes = token.group("attributes")
        content: dict[str, Any] = {
            f"-{_local(name)}": self._scalar(html.unescape(double or single or bare or ""))
            for name, double, single, bare in _ATTRIBUTE.findall(attributes)
        }
        if attributes.rstrip().endswith("/"):
            return content or ""
        return self._content(token.group("open"), content)

    def _content(self, name: str, content: dict[str, Any]) -> Any:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Fault(f"failed to parse value as XML: elements nest deeper than {_MAX_DEPTH} levels")
        texts: list[str] = []
        for token in self._tokens:
            if token.group("close") is not None:
                if token.group("close") != name:
                    problem = f"element <{name}> closed by </{token.group('close')}>"
                    raise Fault(
                        f"failed to parse value as XML: xml.Decoder.Token() - XML syntax error: {problem}"
                    )
                self._depth -= 1
                return self._finished(content, "".join(texts).strip())
            if token.group("open") is not None:
                _add(content, _local(token.group("open")), self._element(token))
            elif token.group("text") is not None:
                texts.append(html.unescape(token.group("text")))
            elif token.group("cdata") is not None:
                texts.append(token.group("cdata"))
        raise Fault("failed to parse value as XML: xml.Decoder.Token() - XML syntax error: unexpected EOF")

    def _finished(self, content: dict[str, Any], text: str) -> Any:
        if not content:
            return self._scalar(text)
        if text:
            content["#text"] = self._scalar(text)
        return content

    def _scalar(self, text: str) -> Any:
        if not self._cast or not text:
            return text
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        try:
            number = parse_float(text)
        except Fault:
            return text
        return Float(number) if text[-1].isdigit() or text[-1] == "." else text


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _add(content: dict[str, Any], key: str, value: Any) -> None:
    if key not in content:
        content[key] = value
    elif isinstance(content[key], list):
        content[key].append(value)
    else:
        content[key] = [content[key], value]


@method(
    "format_xml",
    "The object as XML in bytes, indented by four blanks unless told otherwise. It fails on keys that XML has no names "
    "for, such as `+1`, which Bento writes as they are: no reader of XML would take the document.",
    parameters=(string("indent", "    "), boolean("no_indent", default=False)),
    context=True,
    naming=Naming.NONE,
    examples=(
        example(
            "root = this.format_xml(no_indent: true)",
            ({"a": {"-x": "1", "b": ["t", "u"]}}, b'<a x="1"><b>t</b><b>u</b></a>'),
        ),
    ),
)
def format_xml(run: Run, value: Any, indent: str, no_indent: bool) -> bytes:  # noqa: FBT001 - a parameter of the language
    """The document; more than one member at the top goes under `doc`."""
    document = require_dict(value)
    run.measure(document)
    writer = _Writer(run, None if no_indent else indent)
    root = (
        document
        if len(document) == 1 and not isinstance(next(iter(document.values())), list)
        else {"doc": document}
    )
    for name, item in root.items():
        writer.element(name, item, 0)
    return "".join(writer.parts).removeprefix("\n").encode("utf-8", "surrogateescape")


class _Writer:
    """Collects the text of elements."""

    def __init__(self, run: Run, indent: str | None) -> None:
        self.parts: list[str] = []
        self._run = run
        self._indent = indent

    def element(self, name: str, value: Any, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Fault(f"the value nests deeper than {_MAX_DEPTH} levels")
        if isinstance(value, list):
            for item in value:
                self.element(name, item, depth)
            return
        _check_name(name)
        if isinstance(value, dict):
            self._object(name, value, depth)
        else:
            text = "" if value is None else _escaped(to_string(value))
            self._line(depth, f"<{name}>{text}</{name}>" if text else f"<{name}/>")

    def _object(self, name: str, value: dict[str, Any], depth: int) -> None:
        members = sorted(value.items())
        attributes = "".join(
            f' {_check_name(key[1:])}="{_escaped(to_string(item))}"'
            for key, item in members
            if key.startswith("-") and len(key) > 1
        )
        children = [(key, item) for key, item in members if not key.startswith("-") and key != "#text"]
        text = _escaped(to_string(value["#text"])) if "#text" in value else ""
        if not children:
            self._line(depth, f"<{name}{attributes}>{text}</{name}>" if text else f"<{name}{attributes}/>")
            return
        self._line(depth, f"<{name}{attributes}>{text}")
        for key, item in children:
            self.element(key, item, depth + 1)
        self._line(depth, f"</{name}>")

    def _line(self, depth: int, text: str) -> None:
        line = text if self._indent is None else f"\n{self._indent * depth}{text}"
        self._run.charge(len(line))
        self.parts.append(line)


def _check_name(name: str) -> str:
    """The name of an element or attribute. Raises Fault for one that XML does not allow."""
    if _NAME.fullmatch(name) is None:
        raise Fault(f"{name!r} cannot be a name in XML: rename the key, as by map_each_key")
    return name


def _escaped(text: str) -> str:
    return html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
