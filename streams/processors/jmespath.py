"""`jmespath`: replaces the document of each message by the result of a JMESPath query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jmespath as library
from jmespath.exceptions import JMESPathError

from streams.message import Message, NotStructuredError
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules


class JmesPath:
    """Searches each document."""

    def __init__(self, expression: Any) -> None:
        self._expression = expression

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages on which the query fails keep their payload and are flagged."""
        return [[self._searched(message) for message in messages]]

    def _searched(self, message: Message) -> Message:
        try:
            return message.replaced(value=self._expression.search(message.value))
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message as JSON: {error}")
        except RecursionError:
            return flagged(message, "the document or the query nests too deeply")
        except (JMESPathError, ValueError, TypeError, OverflowError) as error:
            return flagged(message, f"failed to search message: {error}")


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        library.compile(config["query"])
    except (JMESPathError, ValueError) as error:
        yield Problem(("query",), "bad_query", f"the query cannot be read: {error}")


def _build(config: Config, _context: BuildContext) -> JmesPath:
    return JmesPath(library.compile(config["query"]))


JMESPATH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "jmespath",
    "Replaces the document by the result of a JMESPath query.",
    _build,
    fields=(Field("query", FieldType.STRING, "The query."),),
    description="A mapping does the same faster and says more when it fails; https://jmespath.org has the language.",
    check=_check,
    examples=({"query": "locations[?state == 'WA'].name | sort(@) | {Cities: join(', ', @)}"},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
