"""Dot paths into values, as gabs reads and writes them (https://github.com/Jeffail/gabs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.values import DELETED


def split_path(text: str) -> tuple[str, ...]:
    """`a.b` as its segments; `~1` stands for a dot and `~0` for a tilde."""
    return tuple(segment.replace("~1", ".").replace("~0", "~") for segment in text.split("."))


def join_path(path: Sequence[str]) -> Iterator[str]:
    """The segments with dots and tildes escaped."""
    return (segment.replace("~", "~0").replace(".", "~1") for segment in path)


def array_index(segment: str) -> int | None:
    """The segment as an array index, or None."""
    digits = segment[1:] if segment[:1] in {"-", "+"} else segment
    return int(segment) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def field(value: Any, path: Sequence[str], charge: Callable[[int], None] | None = None) -> Any:
    """What lies at the path; None where nothing does. `charge` is called for what a `*` goes through."""
    for depth, segment in enumerate(path):
        if value.__class__ is dict:
            if segment in value:
                value = value[segment]
            elif segment == "*":
                return _every(list(value.values()), path[depth + 1 :], charge)
            else:
                return None
        elif value.__class__ is list:
            if segment == "*":
                return _every(value, path[depth + 1 :], charge)
            index = array_index(segment)
            if index is None or not 0 <= index < len(value):
                return None
            value = value[index]
        else:
            return None
    return value


def _every(items: list[Any], rest: Sequence[str], charge: Callable[[int], None] | None) -> list[Any] | None:
    if charge is not None:
        charge(len(items))
    found = [result for item in items if (result := field(item, rest, charge)) is not None]
    return found or None


def exists(value: Any, path: Sequence[str]) -> bool:
    """Whether the path leads to a value, be it null."""
    for segment in path:
        if value.__class__ is dict and segment in value:
            value = value[segment]
            continue
        index = array_index(segment) if value.__class__ is list else None
        if index is None or not 0 <= index < len(value):
            return False
        value = value[index]
    return True


class PathCollision(Exception):  # noqa: N818 - the caller knows the path and words the error
    """A value on the way is neither object nor array; `depth` segments led to it."""

    def __init__(self, depth: int, value: Any) -> None:
        super().__init__(depth)
        self.depth = depth
        self.value = value


_NO_ROOT = object()


class Ownership:
    """The containers a run made itself and may change; all others are shared and copied first."""

    __slots__ = ("_charge", "_owned", "top")

    def __init__(self, charge: Callable[[int], None]) -> None:
        self._charge = charge
        self.top: Any = _NO_ROOT
        """The root, as long as it is an owned object: compiled code then sets its keys at once."""
        # Keeping the containers keeps their ids from being given to others.
        self._owned: dict[int, Any] = {}

    def holds(self, container: Any) -> bool:
        """Whether the container is owned."""
        return id(container) in self._owned

    def own(self, container: Any) -> Any:
        """The container itself if it is owned, else a copy that is."""
        if id(container) in self._owned:
            return container
        self._charge(len(container))
        return self.adopt(container.copy())

    def shared(self, value: Any) -> Any:
        """A value read back from what the run made: from now on it has another holder, so nothing is owned."""
        if value.__class__ is dict or value.__class__ is list:
            self._owned.clear()
            self.top = _NO_ROOT
        return value

    def adopt_root(self, container: Any) -> Any:
        """Takes over a container that is the root."""
        self.top = container if container.__class__ is dict else _NO_ROOT
        return self.adopt(container)

    def adopt(self, container: Any) -> Any:
        """Takes over a container nobody else holds."""
        self._owned[id(container)] = container
        return container


def assign(root: Any, path: Sequence[str], value: Any, owned: Ownership) -> Any:
    """The root with the value set at the path; what is missing on the way becomes an object.

    `DELETED` removes what is there. Raises PathCollision, or Fault for an index out of bounds.
    """
    if value is DELETED:
        return remove(root, path, owned)
    _refuse_scalar(root, 0)
    top = node = owned.own(root)
    last = len(path) - 1
    for depth, segment in enumerate(path):
        key = segment if node.__class__ is dict else _array_key(node, segment, depth)
        if depth == last:
            node[key] = value
            break
        child = node.get(key) if node.__class__ is dict else node[key]
        if child is None:
            child = owned.adopt({})
        else:
            _refuse_scalar(child, depth + 1)
            child = owned.own(child)
        node[key] = child
        node = child
    return top


def _refuse_scalar(node: Any, depth: int) -> None:
    if node.__class__ is not dict and node.__class__ is not list:
        raise PathCollision(depth, node)


def _array_key(node: list[Any], segment: str, depth: int) -> int:
    if segment == "-":
        node.append(None)
        return len(node) - 1
    index = array_index(segment)
    where = f"failed to resolve path segment '{depth}': found array but"
    if index is None:
        raise Fault(f"{where} segment value '{segment}' could not be parsed into array index")
    if not 0 <= index < len(node):
        raise Fault(f"{where} index '{segment}' is invalid")
    return index


def remove(root: Any, path: Sequence[str], owned: Ownership) -> Any:
    """The root without what lies at the path; unchanged where nothing does."""
    if not path or not exists(root, path):
        return root
    return _remove(root, path, 0, owned)


def _remove(node: Any, path: Sequence[str], depth: int, owned: Ownership) -> Any:
    node = owned.own(node)
    key = path[depth] if node.__class__ is dict else array_index(path[depth])
    if depth + 1 == len(path):
        del node[key]
    else:
        node[key] = _remove(node[key], path, depth + 1, owned)
    return node
