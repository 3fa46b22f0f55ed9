"""`json_schema`: flags messages that a JSON schema does not allow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.jsonschema import Schema
from streams.jsontext import NotJsonError, parse
from streams.message import Message, NotStructuredError
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules

MAX_WORK: Final = 4 * 1024 * 1024
"""Units of work on one message; each part of a value that is checked takes some."""


class _Work:
    """Counts the work on one message."""

    def __init__(self) -> None:
        self._left = MAX_WORK

    def charge(self, units: int) -> None:
        """Take some. Raises Fault when there is none left."""
        self._left -= units
        if self._left < 0:
            raise Fault("the schema takes too much work for this message")


class JsonSchema:
    """Checks each document."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that do not follow the schema are flagged with all that is wrong."""
        return [[self._checked(message) for message in messages]]

    def _checked(self, message: Message) -> Message:
        try:
            problems = problems_of(self._schema, message)
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message as JSON: {error}")
        except Fault as fault:
            return flagged(message, fault.text)
        if not problems:
            return message
        return flagged(message, "\n".join(problems))


def problems_of(schema: Any, message: Message) -> list[str]:
    """All that a schema has against a message. Raises NotStructuredError; Fault when that takes too much work."""
    found = Schema(schema, _Work().charge).problems(message.value)
    return [f"{path} {problem}" for path, problem in found]


def _build(config: Config, _context: BuildContext) -> JsonSchema:
    return JsonSchema(parse(config["schema"]))


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        schema = parse(config["schema"])
    except NotJsonError as error:
        yield Problem(("schema",), "bad_schema", f"the schema is not JSON: {error}")
        return
    if not isinstance(schema, (dict, bool)):
        yield Problem(("schema",), "bad_schema", "a schema is an object, or true or false")


JSON_SCHEMA: Final = ComponentSpec(
    Kind.PROCESSOR,
    "json_schema",
    "Flags messages that do not follow a JSON schema.",
    _build,
    fields=(
        Field("schema", FieldType.STRING, "The schema, as the text of a JSON document."),
        Field(
            "schema_path",
            FieldType.STRING,
            "A file with the schema.",
            default="",
            refused="a definition reads no files; put the text into `schema`",
        ),
    ),
    description="The payload stays as it is. Drafts 4 to 7; regular expressions are RE2's.",
    check=_check,
    examples=({"schema": '{"type":"object","required":["id"]}'},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
