"""Processors of a configuration by label or JSON pointer, and others in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streams.errors import ConfigError

Path = tuple[str | int, ...]


def find_target(configuration: Any, target: str) -> list[Any]:
    """The processors that a pointer or a label means. Raises ConfigError."""
    found = _at(configuration, _path(configuration, target))
    return found if isinstance(found, list) else [found]


def with_mocks(configuration: Any, mocks: Mapping[str, Any]) -> Any:
    """The configuration with other processors where labels or pointers say. Raises ConfigError."""
    for target, processor in mocks.items():
        path = _path(configuration, target)
        old = _at(configuration, path)
        label = {"label": old["label"]} if isinstance(old, dict) and "label" in old else {}
        configuration = _replaced(configuration, path, {**label, **processor})
    return configuration


def _path(configuration: Any, target: str) -> Path:
    if target.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in target[1:].split("/")]
        return tuple(int(part) if part.isdecimal() else part for part in parts)
    for path, value in _walk(configuration, ()):
        if isinstance(value, dict) and value.get("label") == target:
            return path
    raise ConfigError(f"nothing has the label {target!r}")


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _walk(item, (*path, at))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        try:
            value = value[str(key) if isinstance(value, dict) else key]
        except (KeyError, IndexError, TypeError) as error:
            raise ConfigError(f"there is nothing at /{'/'.join(map(str, path))}") from error
    return value


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    key = str(path[0]) if isinstance(value, dict) else path[0]
    changed = _replaced(value[key], path[1:], new)
    if isinstance(value, dict):
        return {**value, key: changed}
    return [changed if at == key else item for at, item in enumerate(value)]
