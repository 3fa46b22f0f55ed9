"""The `inproc` output: hands messages to another stream of the same definition."""

from __future__ import annotations

from typing import Final

from streams.channels import Channel, Channels
from streams.errors import BatchError, OutputError, StreamStoppedError
from streams.inputs.inproc import NAME
from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Kind


class Inproc:
    """Writes to a channel of this process, and waits until what it wrote is dealt with."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def write(self, messages: list[Message]) -> None:
        """Return when another stream's output has the messages. Raises OutputError when it has not."""
        error = await self._channel.hand_over(messages)
        if isinstance(error, BatchError) and set(error.errors) <= set(range(len(messages))):
            raise error
        if isinstance(error, StreamStoppedError):
            # That stream ended, not this one: its successor may take them.
            raise OutputError(str(error))
        if error is not None:
            raise OutputError(str(error)) from error


def _build(config: Config, context: BuildContext) -> Inproc:
    channels = context.choice(Channels())
    return Inproc(channels.channel(context.stream.definition_id, config["name"]))


INPROC: Final = ComponentSpec(
    Kind.OUTPUT,
    "inproc",
    "Hands messages to another stream of the definition, which reads an input `inproc` of that name.",
    _build,
    fields=(NAME,),
    value_form=True,
    description="It waits until such a stream runs in the same process and has dealt with the messages.",
    examples=("steps",),
    batchwise=True,
)
