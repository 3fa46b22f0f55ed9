"""What a message that comes out of a test is to be like: pure questions about one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from streams import bloblang
from streams.bloblang import MappingError, ParseError
from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.errors import SluiceError
from streams.jsontext import NotJsonError, parse, serialise
from streams.message import Message, NotStructuredError


class ConditionError(SluiceError):
    """The message is not as expected."""


def check_message(batch: list[Message], place: int, conditions: Mapping[str, Any], folder: Path) -> list[str]:
    """What is wrong with a message, one text for each condition that does not hold.

    folder: where the files stand that conditions name.
    """
    problems: list[str] = []
    for name, wanted in conditions.items():
        try:
            CONDITIONS[name](batch, place, wanted, folder)
        except (ConditionError, OSError) as error:
            problems.append(f"{name}: {error}")
    return problems


def _bloblang(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    try:
        holds = bloblang.compile(str(wanted)).test(batch, place)
    except (ParseError, MappingError) as error:
        raise ConditionError(str(error)) from error
    if not holds:
        raise ConditionError("bloblang expression was false")


def _content_equals(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    _same(_text(batch[place]), str(wanted), "content mismatch")


def _content_matches(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    try:
        found = compiled(str(wanted)).search(batch[place].content)
    except Fault as fault:
        raise ConditionError(fault.text) from fault
    if found is None:
        raise ConditionError(f"pattern mismatch\n   pattern: {wanted}\n  received: {_text(batch[place])}")


def _metadata_equals(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    if not isinstance(wanted, dict):
        raise ConditionError("an object is expected")
    metadata = batch[place].metadata
    for name, value in wanted.items():
        if name not in metadata:
            raise ConditionError(f"metadata key '{name}' expected but not found")
        _same(_shown(metadata[name]), _shown(value), f"metadata key '{name}' mismatch")


def _file_equals(batch: list[Message], place: int, wanted: Any, folder: Path) -> None:
    _same(_text(batch[place]), (folder / str(wanted)).read_text(), "content mismatch")


def _json_equals(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    _same(_shown(_json(batch[place])), _shown(_expected(wanted)), "JSON content mismatch")


def _json_contains(batch: list[Message], place: int, wanted: Any, _folder: Path) -> None:
    expected, received = _expected(wanted), _json(batch[place])
    if not _contains(received, expected):
        raise ConditionError(_difference("JSON superset mismatch", _shown(received), _shown(expected)))


def _file_json_equals(batch: list[Message], place: int, wanted: Any, folder: Path) -> None:
    _json_equals(batch, place, (folder / str(wanted)).read_text(), folder)


def _file_json_contains(batch: list[Message], place: int, wanted: Any, folder: Path) -> None:
    _json_contains(batch, place, (folder / str(wanted)).read_text(), folder)


CONDITIONS: Final[Mapping[str, Callable[[list[Message], int, Any, Path], None]]] = {
    "bloblang": _bloblang,
    "content_equals": _content_equals,
    "content_matches": _content_matches,
    "metadata_equals": _metadata_equals,
    "file_equals": _file_equals,
    "file_json_equals": _file_json_equals,
    "file_json_contains": _file_json_contains,
    "json_equals": _json_equals,
    "json_contains": _json_contains,
}
"""By name; each raises ConditionError, or OSError for a file that cannot be read."""


def _text(message: Message) -> str:
    return message.content.decode("utf-8", "replace")


def _json(message: Message) -> Any:
    try:
        return message.value
    except NotStructuredError as error:
        raise ConditionError(f"failed to parse received message as JSON: {error}") from error


def _expected(wanted: Any) -> Any:
    """A document as it is, or as the text of one."""
    try:
        return parse(wanted) if isinstance(wanted, str) else wanted
    except NotJsonError as error:
        raise ConditionError(f"the expected JSON cannot be read: {error}") from error


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else serialise(value).decode()


def _contains(received: Any, expected: Any) -> bool:
    """Tell whether all of a document is in another: keys of objects, items of arrays at their places."""
    if isinstance(expected, dict) and isinstance(received, dict):
        return all(key in received and _contains(received[key], item) for key, item in expected.items())
    if isinstance(expected, list) and isinstance(received, list):
        return len(expected) <= len(received) and all(map(_contains, received, expected))
    return serialise(received) == serialise(expected)


def _same(received: str, expected: str, what: str) -> None:
    if received != expected:
        raise ConditionError(_difference(what, received, expected))


def _difference(what: str, received: str, expected: str) -> str:
    return f"{what}\n  expected: {expected}\n  received: {received}"
