"""The `inproc` input: what another stream of the same definition writes to an output `inproc`."""

from __future__ import annotations

from typing import Final

from streams.channels import Channel, Channels, Handed
from streams.spec import Acknowledge, Batch, BuildContext, ComponentSpec, Config, Field, FieldType, Kind

NAME: Final = Field("name", FieldType.STRING, "The name that both ends have.")


class Inproc:
    """Reads a channel of this process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def read(self) -> Batch:
        """The next batch that a stream hands over. Its acknowledgement is that stream's."""
        handed = await self._channel.take()
        return Batch([one.copy() for one in handed.messages], _telling(handed), grouped=True, replay=False)


def _telling(handed: Handed) -> Acknowledge:
    async def settle(error: Exception | None) -> None:
        if not handed.taken.done():  # who handed it over may be gone
            handed.taken.set_result(error)

    return settle


def _build(config: Config, context: BuildContext) -> Inproc:
    channels = context.choice(Channels())
    return Inproc(channels.channel(context.stream.definition_id, config["name"]))


INPROC: Final = ComponentSpec(
    Kind.INPUT,
    "inproc",
    "Reads what another stream of the definition writes to an output `inproc` of that name.",
    _build,
    fields=(NAME,),
    value_form=True,
    description=(
        "Both streams run in the same process, a worker, and nothing is kept between them: what is read is acknowledged"
        " to the stream that wrote it. Where several streams read a name, each batch goes to one of them."
    ),
    examples=("steps",),
)
