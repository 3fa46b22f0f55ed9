"""`branch`: processors that work on a copy, of which a mapping takes over what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from streams import bloblang
from streams.bloblang import Mapping, MappingError
from streams.message import Message
from streams.processors.flags import cleared, flagged
from streams.processors.nested import (
    PROCESSORS,
    are_per_message,
    are_replayable,
    joined,
    one_batch,
    run_nested,
)
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Processor
from streams.stages import build_stages


@dataclass(slots=True)
class _Requests:
    """What goes into the branch, and for which messages."""

    messages: list[Message]
    places: list[int]
    """Where in the batch the message stands that each was made for."""


class Branch:
    """Makes requests of messages, processes them, and maps the results into the messages."""

    def __init__(
        self, request_map: Mapping | None, stages: Sequence[Processor], result_map: Mapping | None
    ) -> None:
        """request_map: None for a copy. result_map: None to let the results be."""
        self._request_map = request_map
        self._stages = stages
        self._result_map = result_map

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch with the results; a message that failed on the way keeps its content and is flagged."""
        made = list(messages)
        requests = self._requested(made)
        results = joined(await run_nested(self._stages, list(requests.messages)))
        if len(results) != len(requests.messages):
            text = (
                "processors failed: message count from branch processors does not match request, "
                f"started with {len(requests.messages)} messages, finished with {len(results)}"
            )
            for place in requests.places:
                made[place] = flagged(made[place], text)
            return one_batch(made)
        for at, place in enumerate(requests.places):
            made[place] = self._merged(made[place], results, at)
        return one_batch([message for message in made if isinstance(message, Message)])

    def _requested(self, messages: list[Message]) -> _Requests:
        """Make the requests; a message whose request fails is flagged in `messages`."""
        requests = _Requests([], [])
        sources = list(messages)
        for place, message in enumerate(sources):
            try:
                request = self._request(sources, place)
            except MappingError as error:
                messages[place] = flagged(message, f"request mapping failed: {error.text}", error.line)
                continue
            if isinstance(request, Message):
                requests.messages.append(request)
                requests.places.append(place)
        return requests

    def _request(self, messages: list[Message], place: int) -> Any:
        message = cleared(messages[place].copy())
        if self._request_map is None:
            return message
        return self._request_map.overlay(messages, message.replaced(b""), place)

    def _merged(self, message: Message, results: list[Message], at: int) -> Any:
        failure = results[at].error
        if failure is not None:
            made = message.copy()
            made.error = replace(failure, text=f"processors failed: {failure.text}")
            return made
        if self._result_map is None:
            return message
        try:
            return self._result_map.overlay(results, message, at)
        except MappingError as error:
            return flagged(message, f"result mapping failed: {error.text}", error.line)


def _compiled(text: str) -> Mapping | None:
    return bloblang.compile(text) if text else None


def _mappings(config: Config) -> list[Mapping]:
    return [bloblang.compile(config[name]) for name in ("request_map", "result_map") if config[name]]


def _is_replayable(config: Config) -> bool:
    pure = all(mapping.is_pure and mapping.is_per_message for mapping in _mappings(config))
    return pure and are_replayable(config)


def _is_per_message(config: Config) -> bool:
    return all(mapping.is_per_message for mapping in _mappings(config)) and are_per_message(config)


def _build(config: Config, context: BuildContext) -> Branch:
    stages = build_stages(config["processors"], context)
    return Branch(_compiled(config["request_map"]), stages, _compiled(config["result_map"]))


BRANCH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "branch",
    "Processes a copy of each message and maps what comes of it into the message.",
    _build,
    fields=(
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
    ),
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
)
