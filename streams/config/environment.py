"""Variables of the environment in a configuration: `${NAME}` and `${NAME:default}`, as Bento writes them.

Bento puts them into the text before it is read, so that a value can become any piece of configuration. Here the text is
read first: a value is a value, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from streams.config.node import Node, Style
from streams.config.scalars import core_scalar

_NAME: Final = r"[0-9A-Za-z_.]+"
_DEFAULT: Final = r":(?P<default>(?:\$\{[^}]+\}|[^}])*)"
_VARIABLE: Final = re.compile(
    rf"\$\{{(?P<name>{_NAME})(?:{_DEFAULT})?\}}|\$\{{(?P<escaped>\{{{_NAME}(?::[^}}]*)?\}})\}}"
)
_HIDDEN: Final = 0xF0000
"""A plane of characters that nobody uses, and that mean nothing to YAML."""
_LAST: Final = 0xFFFD
_SEEN: Final = re.compile("[\U000f0000-\U000ffffd]")


def hide(text: str) -> str:
    """The text with variables in characters that YAML takes for plain ones, each in its place.

    Else their braces and colons would be YAML's own, as in `[${BROKER:kafka:9092}]`.
    """
    return text if "${" not in text or _SEEN.search(text) else _VARIABLE.sub(_hidden, text)


def reveal(node: Node) -> Node:
    """The tree as it was written."""
    if isinstance(node.value, dict):
        return replace(node, value={_revealed(key): reveal(child) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[reveal(child) for child in node.value])
    return replace(node, value=_revealed(node.value)) if isinstance(node.value, str) else node


def bind_environment(node: Node, environment: Mapping[str, str]) -> tuple[Node, list[tuple[Node, str]]]:
    """A tree with the values of variables. Returns it, and where variables stand that have none, with their names.

    environment: what may be used. An unquoted value that is made of variables has the type that it would have if it
    were written down. One with a variable without a value stays as it is written.
    """
    missing: list[tuple[Node, str]] = []
    return _bound(node, environment, missing), missing


def _bound(node: Node, environment: Mapping[str, str], missing: list[tuple[Node, str]]) -> Node:
    if isinstance(node.value, dict):
        entries = {key: _bound(child, environment, missing) for key, child in node.value.items()}
        return replace(node, value=entries)
    if isinstance(node.value, list):
        return replace(node, value=[_bound(child, environment, missing) for child in node.value])
    if not isinstance(node.value, str) or not _VARIABLE.search(node.value):
        return node
    names: list[str] = []
    text = _resolved(node.value, environment, names)
    if names:
        missing += [(node, name) for name in names]
        return node
    value: Any = core_scalar(text) if node.style is Style.PLAIN else text
    return replace(node, value=value)


def _resolved(text: str, environment: Mapping[str, str], missing: list[str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found["escaped"] is not None:
            return f"${found['escaped']}"
        known, default = environment.get(found["name"], ""), found["default"]
        if known or default is None:
            if found["name"] not in environment and not known:
                missing.append(found["name"])
            return known
        return _resolved(default, environment, missing)

    return _VARIABLE.sub(value, text)


def _hidden(found: re.Match[str]) -> str:
    return "".join(chr(_HIDDEN + ord(one)) if one != "\n" and ord(one) <= _LAST else one for one in found[0])


def _revealed(text: str) -> str:
    return _SEEN.sub(lambda found: chr(ord(found[0]) - _HIDDEN), text)
