"""`jq`: replaces the document of each message by what a jq query makes of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

from streams.jq.process import SECONDS, QueryError, QueryProcess
from streams.jq.syntax import syntax_problem
from streams.jsontext import serialise
from streams.message import Message, NotStructuredError
from streams.processors.flags import flagged
from streams.processors.nested import one_batch
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules
from streams.stopping import StopSignal

MAX_QUERY: Final = 16_384
"""Characters of a query."""
_IDLE_SECONDS: Final = 60.0
_FILES: Final = re.compile(r"\b(import|include|modulemeta)\b")


class Jq:
    """Asks the query's process about one message after the other."""

    def __init__(self, process: QueryProcess, stopping: StopSignal, *, raw: bool, output_raw: bool) -> None:
        """raw: the payload is a text, not JSON. output_raw: results that are texts become the payload as they are."""
        self._process = process
        self._stopping = stopping
        self._raw = raw
        self._output_raw = output_raw
        self._ending: asyncio.Task[None] | None = None
        self._used = 0.0

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch, less messages without a result; those on which the query fails are flagged."""
        made = [await self._queried(message) for message in messages]
        self._used = asyncio.get_running_loop().time()
        if self._ending is None or self._ending.done():
            self._ending = asyncio.create_task(self._end_when_idle())
        return one_batch([message for message in made if message is not None])

    async def _queried(self, message: Message) -> Message | None:
        try:
            results = await self._process.evaluate(self._document(message), message.metadata)
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message as JSON: {error}")
        except QueryError as error:
            return flagged(message, f"failed to query message: {error}")
        if not results:
            return None
        if self._output_raw:
            return message.replaced(b"\n".join(map(_raw, results)))
        return message.replaced(value=results[0] if len(results) == 1 else results)

    def _document(self, message: Message) -> bytes:
        if self._raw:
            return serialise(message.content.decode("utf-8", "replace"))
        return serialise(message.value)

    async def _end_when_idle(self) -> None:
        """Nobody tells a processor that its stream has ended but the signal, and some batches may follow it."""
        loop = asyncio.get_running_loop()
        while (left := self._used + _IDLE_SECONDS - loop.time()) > 0:
            if await self._stopping.within(left):
                break
        await self._process.close()


def _raw(result: Any) -> bytes:
    return result.encode() if isinstance(result, str) else serialise(result)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    query = config["query"]
    if len(query) > MAX_QUERY:
        yield Problem(("query",), "bad_query", f"the query has more than {MAX_QUERY} characters")
    elif (found := _FILES.search(query)) is not None:
        message = f"{found[0]!r} reads modules from files, and a definition reads no files"
        yield Problem(("query",), "bad_query", message, "write what you need into the query")
    elif problem := syntax_problem(query):
        yield Problem(("query",), "bad_query", f"the query cannot be read: {problem}")


def _build(config: Config, context: BuildContext) -> Jq:
    return Jq(
        QueryProcess(config["query"]),
        context.service(StopSignal),
        raw=config["raw"],
        output_raw=config["output_raw"],
    )


JQ: Final = ComponentSpec(
    Kind.PROCESSOR,
    "jq",
    "Replaces the document by the result of a jq query.",
    _build,
    fields=(
        Field("query", FieldType.STRING, "The query; `$metadata` holds the metadata of the message."),
        Field("raw", FieldType.BOOL, "Take the payload as a text and not as JSON.", default=False),
        Field("output_raw", FieldType.BOOL, "Write results that are texts without quotes.", default=False),
    ),
    description="Several results become one array; a message without a result is dropped. Queries run in a process "
    f"of their own, without environment or files, at most {SECONDS:g} s for each message. A mapping does the same "
    "many times faster. https://jqlang.org has the language.",
    check=_check,
    examples=({"query": "{id, total: ([.items[].price] | add)}"},),
    per_message=True,
    dry_run=DryRun.RUN,
)
