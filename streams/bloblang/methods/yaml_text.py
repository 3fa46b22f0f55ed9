"""YAML to values and back."""

from __future__ import annotations

import datetime
from typing import Any

import yaml

from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import general_float
from streams.bloblang.methods.parsing import text_of
from streams.bloblang.registry import example, method
from streams.bloblang.run import Run
from streams.bloblang.values import bytes_string, get_string, to_string, wrap_int64
from streams.jsontext import Float, source_text
from streams.timestamp import Timestamp, from_datetime


@method(
    "parse_yaml",
    "The value of a YAML document.",
    context=True,
    examples=(example("root = this.parse_yaml()", ("a: [1, x, true]", {"a": [1, "x", True]})),),
)
def parse_yaml(run: Run, value: Any) -> Any:
    """The value; what aliases repeat counts as often as they do."""
    text = text_of(value)
    # A parser in Python: some microseconds a character.
    run.charge(64 * len(text))
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Fault(f"failed to parse value as YAML: {error}") from None
    run.measure(document)
    return _value(document)


def _value(item: Any) -> Any:
    if isinstance(item, dict):
        return {
            key if isinstance(key, str) else to_string(_value(key)): _value(inner)
            for key, inner in item.items()
        }
    if isinstance(item, (list, tuple, set)):
        return [_value(inner) for inner in item]
    if isinstance(item, bool) or item is None or isinstance(item, (str, bytes)):
        return item
    if isinstance(item, int):
        return item if item == wrap_int64(item) else Float(item)
    return _scalar(item)


def _scalar(item: Any) -> Any:
    if isinstance(item, float):
        return Float(item)
    if isinstance(item, datetime.datetime):
        zoned = item if item.tzinfo else item.replace(tzinfo=datetime.UTC)
        return from_datetime(zoned, zoned.microsecond * 1000)
    if isinstance(item, datetime.date):
        return from_datetime(datetime.datetime(item.year, item.month, item.day, tzinfo=datetime.UTC), 0)
    return str(item)


@method(
    "format_yaml",
    "The value as YAML in bytes.",
    context=True,
    examples=(example("root = this.format_yaml()", ({"b": 1, "a": {"c": "x"}}, b"a:\n    c: x\nb: 1\n")),),
)
def format_yaml(run: Run, value: Any) -> bytes:
    """The document, indented by four as Go's yaml.v3 does."""
    before = run.fuel
    run.measure(value)
    run.charge(16 * (before - run.fuel))
    try:
        text = yaml.dump(_plain(value), Dumper=_Dumper, indent=4, allow_unicode=True, width=1 << 30)
    except RecursionError:
        raise Fault("the value nests too deeply") from None
    return text.removesuffix("...\n").encode("utf-8", "surrogateescape")


class _Dumper(yaml.SafeDumper):
    """Writes every value out, however often it occurs, and lists indented."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the parent's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - the parent's signature
        return super().increase_indent(flow, indentless=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        text = source_text(value)
        number = float(value)
        shown = general_float(number) if text is None else text
        return int(number) if number.is_integer() and "e" not in shown.lower() else number
    if isinstance(value, bytes):
        return bytes_string(value)
    return get_string(value) if isinstance(value, Timestamp) else value
