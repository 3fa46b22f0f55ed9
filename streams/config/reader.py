"""Read JSON or YAML into nodes."""

from __future__ import annotations

from streams.config.environment import hide, reveal
from streams.config.json_reader import JsonReader
from streams.config.node import Finding, Node, Text
from streams.config.unreadable import UnreadableError
from streams.config.yaml_reader import YamlReader


def parse(text: str) -> tuple[Node | None, list[Finding]]:
    """Read a configuration. Returns its tree (None when it cannot be read) and what is wrong with the text.

    A text that begins like JSON is read as JSON, so that its escapes mean what JSON says; where that fails it
    may still be YAML's flow style.
    """
    hidden = hide(text)
    tree, findings = _parse(hidden)
    return (tree if tree is None or hidden == text else reveal(tree)), findings


def _parse(text: str) -> tuple[Node | None, list[Finding]]:
    source = Text(text)
    if text.lstrip("\ufeff \t\r\n")[:1] not in {"{", "["}:
        return _read(YamlReader(source), source)
    tree, findings = _read(JsonReader(source), source)
    if tree is not None:
        return tree, findings
    as_yaml = _read(YamlReader(source), source)
    return as_yaml if as_yaml[0] is not None else (None, findings)


def _read(reader: JsonReader | YamlReader, source: Text) -> tuple[Node | None, list[Finding]]:
    try:
        return reader.read(), reader.findings
    except UnreadableError as error:
        place = source.position(error.offset)
        return None, [source.finding_at(place, "", "syntax", str(error), error.remedy)]
