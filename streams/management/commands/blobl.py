"""`manage.py blobl`: run a mapping on the documents of standard input, one a line, as `bento blobl` does."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from streams import bloblang
from streams.bloblang import DELETED, Mapping, MappingError, ParseError
from streams.message import Message, NotStructuredError


class Command(BaseCommand):
    help = "Run a Bloblang mapping on JSON documents from standard input, one a line."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mapping", nargs="?", help="the mapping, unless --file names one")
        parser.add_argument("--file", "-f", help="a file with the mapping")
        parser.add_argument("--raw", "-r", action="store_true", help="lines are texts, not documents")
        parser.add_argument("--pretty", "-p", action="store_true", help="indent documents that come out")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        mapping = _compile(options["mapping"], options["file"])
        failed = 0
        for number, line in enumerate(sys.stdin.buffer, 1):
            try:
                for text in _results(
                    mapping, line.rstrip(b"\r\n"), raw=options["raw"], pretty=options["pretty"]
                ):
                    sys.stdout.write(f"{text}\n")
            except (MappingError, NotStructuredError) as error:
                failed += 1
                self.stderr.write(f"line {number}: {error}")
        if failed:
            raise CommandError(f"the mapping failed on {failed} of the lines")


def _compile(text: str | None, file: str | None) -> Mapping:
    """The mapping of the arguments. Raises CommandError."""
    if (text is None) == (file is None):
        raise CommandError("give a mapping, or a file with one by --file")
    try:
        # Whoever may run commands here may read its files and environment anyway.
        source = text if file is None else Path(file).read_text("utf-8")
        return bloblang.compile(str(source), permissions=("env", "file"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    except ParseError as error:
        raise CommandError(f"failed to parse mapping: {error}") from error


def _results(mapping: Mapping, line: bytes, *, raw: bool, pretty: bool) -> Iterable[str]:
    """The text that a line becomes; none for one that the mapping deletes. Raises MappingError, NotStructuredError."""
    message = Message(line)
    if not raw:
        _ = message.value
    made = mapping.apply([message])
    if made is DELETED or not isinstance(made, Message):
        return
    text = made.content.decode("utf-8", "replace")
    yield _indented(text) if pretty else text


def _indented(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return text
