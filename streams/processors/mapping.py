"""`mapping` and `mutation`: each message becomes what a Bloblang mapping makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from streams import bloblang
from streams.bloblang import Mapping, MappingError
from streams.bloblang.values import Marker
from streams.message import Failure, Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class MappingProcessor:
    """Applies a mapping to every message of a batch.

    A message the mapping deletes goes no further. One it fails on keeps its content and carries the error.
    """

    def __init__(self, mapping: Mapping, stage: str, *, mutating: bool = False) -> None:
        self._apply = mapping.mutate if mutating else mapping.apply
        self._stage = stage

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what is left, or none."""
        made = [self._mapped(messages, index) for index in range(len(messages))]
        kept = [message for message in made if isinstance(message, Message)]
        return [kept] if kept else []

    def _mapped(self, messages: Sequence[Message], index: int) -> Message | Marker:
        try:
            return self._apply(messages, index)
        except MappingError as error:
            flagged = messages[index].copy()
            flagged.error = Failure(error.text, self._stage, error.line)
            return flagged


def _text(config: Config) -> str:
    # The text is the only field, or the body itself.
    return str(config["mapping"])


def _build_mapping(config: Config, context: BuildContext) -> MappingProcessor:
    return MappingProcessor(bloblang.compile(_text(config)), context.stage)


def _build_mutation(config: Config, context: BuildContext) -> MappingProcessor:
    return MappingProcessor(bloblang.compile(_text(config)), context.stage, mutating=True)


def _is_replayable(config: Config) -> bool:
    # What depends on the batch cannot be repeated, for another process reads in other batches.
    mapping = bloblang.compile(_text(config))
    return mapping.is_pure and mapping.is_per_message


def _is_per_message(config: Config) -> bool:
    return bloblang.compile(_text(config)).is_per_message


_MAPPING_FIELD = Field("mapping", FieldType.BLOBLANG, "The mapping.")

MAPPING = ComponentSpec(
    Kind.PROCESSOR,
    "mapping",
    "Makes a new document of each message by a Bloblang mapping; what is not assigned is left out.",
    _build_mapping,
    fields=(_MAPPING_FIELD,),
    value_form=True,
    examples=("root.id = this.user.id\nroot.name = this.user.name.uppercase()",),
    aliases=("bloblang",),
    replayable=_is_replayable,
    computes=True,
    per_message=_is_per_message,
    dry_run=DryRun.RUN,
)

MUTATION = ComponentSpec(
    Kind.PROCESSOR,
    "mutation",
    "Changes the document of each message by a Bloblang mapping; what is not assigned stays.",
    _build_mutation,
    fields=(_MAPPING_FIELD,),
    value_form=True,
    examples=("root.seen = true\nroot.secret = deleted()",),
    replayable=_is_replayable,
    computes=True,
    per_message=_is_per_message,
    dry_run=DryRun.RUN,
)
