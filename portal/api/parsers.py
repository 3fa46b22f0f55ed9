"""JSON bodies: bounded, and free of what no column can hold."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from portal.api.problems import PayloadTooLarge

MOST_BYTES: Final = 2_500_000
_MOST_DEPTH: Final = 200


class StrictJSONParser(BaseParser):
    """Refuses NaN, invalid UTF-8, NUL and lone surrogates, too deep and too long bodies, each by name."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body as Python has JSON. Raises ParseError, PayloadTooLarge."""
        try:
            value = json.loads(read_text(stream), parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        _check(value, 0)
        return value


class TextParser(BaseParser):
    """A document as it was written, JSON or YAML; what it says is checked by whoever reads it."""

    media_type = "text/plain"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the text. Raises ParseError, PayloadTooLarge."""
        text = read_text(stream)
        _check(text, 0)
        return text


def read_text(stream: IO[bytes]) -> str:
    """Read a body, at most MOST_BYTES of UTF-8. Raises ParseError, PayloadTooLarge."""
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise PayloadTooLarge(f"The body is larger than {MOST_BYTES} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} is not part of a character.") from error


def _check(value: Any, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise ParseError("The body is nested too deeply.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ParseError("The body holds a NUL character (\\u0000), which cannot be stored.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError("The body holds half a surrogate pair, which is no character.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
