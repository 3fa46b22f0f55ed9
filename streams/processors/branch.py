"""`branch`: processors that work on a copy, of which a mapping takes over what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from streams import bloblang
from streams.bloblang import DELETED, Mapping, MappingError
from streams.bloblang.values import Marker
from streams.message import Failure, Message
from streams.processors.flags import cleared
from streams.processors.nested import (
    PROCESSORS,
    are_per_message,
    are_replayable,
    joined,
    one_batch,
    run_nested,
)
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Processor
from streams.stages import build_stages
from streams.turns import Turns


@dataclass(frozen=True, slots=True)
class Answers:
    """What the processors of a branch made for messages of a batch."""

    results: list[Message]
    places: dict[int, int]
    """Where the result of the message at a place of the batch stands; messages left out have none."""
    failures: dict[int, Failure]
    """Why there is no result, by the message's place."""


class Branch:
    """Makes requests of messages, processes them, and maps the results into the messages."""

    def __init__(
        self, request_map: Mapping | None, stages: Sequence[Processor], result_map: Mapping | None
    ) -> None:
        """request_map: None for a copy. result_map: None to let the results be."""
        self._request_map = request_map
        self._stages = stages
        self._result_map = result_map
        self._turns = Turns()

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch with the results; a message that failed on the way keeps its content and is flagged."""
        answers = await self.ask(messages, range(len(messages)))
        made = await self._turns.each(lambda at: self.merge(messages[at], answers, at), range(len(messages)))
        return one_batch([_kept(messages[at], one) for at, one in enumerate(made) if one is not DELETED])

    async def ask(self, messages: list[Message], places: Sequence[int]) -> Answers:
        """Process a request for each message at these places of a batch."""
        asked = await self._turns.each(partial(self._requested, messages), places)
        made = dict(zip(places, asked, strict=True))
        requests = {place: one for place, one in made.items() if isinstance(one, Message)}
        failures = {place: one for place, one in made.items() if isinstance(one, Failure)}
        results = joined(await run_nested(self._stages, list(requests.values())))
        if len(results) != len(requests):
            text = (
                "processors failed: message count from branch processors does not match request, "
                f"started with {len(requests)} messages, finished with {len(results)}"
            )
            return Answers([], {}, failures | dict.fromkeys(requests, Failure(text)))
        return Answers(results, {place: at for at, place in enumerate(requests)}, failures)

    def merge(self, message: Message, answers: Answers, place: int) -> Message | Marker | Failure:
        """The message at a place with its result in it, DELETED, or why it has none."""
        if place in answers.failures:
            return answers.failures[place]
        at = answers.places.get(place)
        if at is None:
            return message
        failure = answers.results[at].error
        if failure is not None:
            return replace(failure, text=f"processors failed: {failure.text}")
        if self._result_map is None:
            return message
        try:
            return self._result_map.overlay(answers.results, message, at)
        except MappingError as error:
            return Failure(f"result mapping failed: {error.text}", line=error.line)

    def _requested(self, messages: list[Message], place: int) -> Message | Failure | None:
        """The request for a message, or why there is none; None for a message that is left out."""
        try:
            request = self._request(messages, place)
        except MappingError as error:
            return Failure(f"request mapping failed: {error.text}", line=error.line)
        return request if isinstance(request, Message) else None

    def _request(self, messages: list[Message], place: int) -> Any:
        message = cleared(messages[place].copy())
        if self._request_map is None:
            return message
        return self._request_map.overlay(messages, message.replaced(b""), place)


def _kept(message: Message, made: Any) -> Message:
    if isinstance(made, Message):
        return made
    failed = message.copy()
    failed.error = made
    return failed


def _compiled(text: str) -> Mapping | None:
    return bloblang.compile(text) if text else None


def _mappings(config: Config) -> list[Mapping]:
    return [bloblang.compile(config[name]) for name in ("request_map", "result_map") if config[name]]


def _is_replayable(config: Config) -> bool:
    pure = all(mapping.is_pure and mapping.is_per_message for mapping in _mappings(config))
    return pure and are_replayable(config)


def _is_per_message(config: Config) -> bool:
    return all(mapping.is_per_message for mapping in _mappings(config)) and are_per_message(config)


def build_branch(config: Config, context: BuildContext) -> Branch:
    """The branch that a body describes."""
    stages = build_stages(config["processors"], context)
    return Branch(_compiled(config["request_map"]), stages, _compiled(config["result_map"]))


FIELDS: Final = (
    Field(
        "request_map",
        FieldType.BLOBLANG,
        "Makes the copy; `root = deleted()` leaves the message out. Empty: all of the message.",
        default="",
    ),
    PROCESSORS,
    Field(
        "result_map",
        FieldType.BLOBLANG,
        "Changes the message; `this` is what the processors made. Empty: nothing is taken over.",
        default="",
    ),
)
BRANCH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "branch",
    "Processes a copy of each message and maps what comes of it into the message.",
    build_branch,
    fields=FIELDS,
    description="Each copy must become one message: processors that filter, split or join have no place here.",
    examples=(
        {
            "request_map": "root.id = this.user",
            "processors": [{"mapping": "root.name = this.id.uppercase()"}],
            "result_map": "root.name = this.name",
        },
    ),
    replayable=_is_replayable,
    per_message=_is_per_message,
    dry_run=DryRun.RUN,
)
