"""A field for JSON that people paste: refused with its place, and never what no column can hold."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django import forms

from streams.jsontext import NotJsonError, parse
from streams.message import JsonValue

MOST_CHARACTERS: Final = 100_000
MOST_DEPTH: Final = 100


class JsonField(forms.CharField):
    """A JSON document; empty is None."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        attributes = {"class": "code-input", "rows": options.pop("rows", 12), "spellcheck": "false"}
        super().__init__(max_length=MOST_CHARACTERS, widget=forms.Textarea(attrs=attributes), **options)

    def clean(self, value: Any) -> Any:
        """Return the document's value. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return checked_json(text)
        except NotJsonError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error

    def prepare_value(self, value: Any) -> Any:
        """Return how the field shows a value: what was typed as it was, a value over several lines."""
        return value if isinstance(value, str) or value is None else json_text(value)


def checked_json(text: str) -> JsonValue:
    """Return the value of a JSON document that PostgreSQL can hold. Raises NotJsonError."""
    value = json.loads(json.dumps(parse(text)))
    if any("\0" in each for each in _texts(value, MOST_DEPTH)):
        raise NotJsonError("it holds a NUL character (\\u0000), which cannot be stored")
    return value


def samples_in(text: str) -> list[JsonValue]:
    """Return the document, or the documents that stand one a line. Raises NotJsonError of the whole."""
    try:
        return [checked_json(text)]
    except NotJsonError as whole:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        try:
            return [checked_json(line) for line in lines]
        except NotJsonError:
            raise whole from None


def json_text(value: JsonValue) -> str:
    """Return a value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _texts(value: JsonValue, depth: int) -> Iterator[str]:
    """All strings of a value, names included. Raises NotJsonError where it is nested too deeply."""
    if depth == 0:
        raise NotJsonError("it is nested too deeply")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _texts(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth - 1)
