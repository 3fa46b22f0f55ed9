"""Batches through processors that a configuration describes."""

from __future__ import annotations

import json
from typing import Any

from streams.message import Failure, Message
from streams.processors.nested import run_nested
from streams.spec import BuildContext
from streams.stages import build_stages
from streams.statistics import Statistics
from tests.streams.making import IDENTITY, message, stream


class Processing:
    """Processors of a stream, built once."""

    def __init__(
        self, processors: str, resources: str = "", services: dict[type, object] | None = None
    ) -> None:
        """processors: a list in YAML. resources: further top-level keys."""
        text = f"input: {{generate: {{mapping: root = 1}}}}\noutput: {{drop: {{}}}}\n{resources}\n"
        indented = processors.replace("\n", "\n    ")
        checked = stream(f"{text}pipeline:\n  processors:\n    {indented}\n")
        self.statistics = Statistics()
        self.context = BuildContext(IDENTITY, {Statistics: self.statistics, **(services or {})})
        self.stages = build_stages(checked.processors, self.context)

    async def run(self, *contents: object) -> list[list[Message]]:
        """The batches made of one batch: of messages, or of their payloads as bytes or JSON values."""
        return await run_nested(self.stages, [_message(content, at) for at, content in enumerate(contents)])


def _message(content: object, number: int) -> Message:
    if isinstance(content, Message):
        return content
    return message(content if isinstance(content, bytes) else json.dumps(content).encode(), number)


def failed(value: object, text: str = "before", number: int = 0) -> Message:
    """A message that an earlier processor failed on."""
    made = _message(value, number)
    made.error = Failure(text, "earlier")
    return made


async def processed(processors: str, *contents: object, resources: str = "") -> list[list[Message]]:
    """The batches that processors make of one batch."""
    return await Processing(processors, resources).run(*contents)


def values(batches: list[list[Message]]) -> list[list[Any]]:
    """The payloads as JSON values, batch by batch."""
    return [[one.value for one in batch] for batch in batches]


def texts(batches: list[list[Message]]) -> list[list[str]]:
    """The payloads as text, batch by batch."""
    return [[one.content.decode() for one in batch] for batch in batches]


def errors(batches: list[list[Message]]) -> list[str | None]:
    """Why each message failed; None for those that did not."""
    return [one.error.text if one.error else None for batch in batches for one in batch]
