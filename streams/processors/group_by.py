"""`group_by`: divides a batch by conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from streams import bloblang
from streams.bloblang import Mapping
from streams.message import Failure, Message
from streams.processors.conditions import ask, is_repeatable
from streams.processors.flags import flagged
from streams.processors.nested import are_replayable, joined, run_nested
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Processor, Shape
from streams.stages import build_stages
from streams.turns import Turns


@dataclass(frozen=True, slots=True)
class _Group:
    """Processors for the messages that pass a condition."""

    check: Mapping
    stages: Sequence[Processor]


class GroupBy:
    """Makes a batch of the messages of each group, and one of the rest."""

    def __init__(self, groups: Sequence[_Group]) -> None:
        self._groups = groups
        self._turns = Turns()

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """What the processors of each group made of it, in the order of the groups; then the rest."""
        members: list[list[Message]] = [[] for _ in self._groups]
        rest: list[Message] = []
        placed = await self._turns.each(partial(self._placed, messages), range(len(messages)))
        for message, place in placed:
            (rest if place is None else members[place]).append(message)
        made = [
            await run_nested(group.stages, batch) for group, batch in zip(self._groups, members, strict=True)
        ]
        return [*joined(made), *([rest] if rest else [])]

    def _placed(self, messages: list[Message], index: int) -> tuple[Message, int | None]:
        """The message and the first group it belongs to; a condition that fails flags it."""
        message = messages[index]
        for place, group in enumerate(self._groups):
            answer = ask(group.check, messages, index)
            if isinstance(answer, Failure):
                message = flagged(message, answer.text, answer.line)
            elif answer:
                return message, place
        return message, None


def _build(config: Config, context: BuildContext) -> GroupBy:
    return GroupBy(
        [
            _Group(bloblang.compile(group["check"]), build_stages(group["processors"], context))
            for group in config["groups"]
        ]
    )


_GROUPS: Final = Field(
    "groups",
    FieldType.OBJECT,
    "Groups, tried in order.",
    shape=Shape.LIST,
    children=(
        Field("check", FieldType.BLOBLANG, "A query that is true for the messages of the group."),
        Field("processors", FieldType.PROCESSOR, "For the group as a batch.", default=[], shape=Shape.LIST),
    ),
)
GROUP_BY: Final = ComponentSpec(
    Kind.PROCESSOR,
    "group_by",
    "Divides a batch into batches by queries, each with processors of its own.",
    _build,
    fields=(_GROUPS,),
    value_form=True,
    description="A message goes to the first group whose query is true; those of no group are the last batch.",
    examples=([{"check": 'this.type == "order"', "processors": [{"split": {"size": 2}}]}],),
    replayable=lambda config: (
        are_replayable(config) and all(is_repeatable(g["check"]) for g in config["groups"])
    ),
    dry_run=DryRun.RUN,
)
