"""The `inproc` input: what another stream of the same definition writes to an output `inproc`."""

from __future__ import annotations

import asyncio
from typing import Final

from streams.channels import Channel, Channels, Handed
from streams.errors import StreamStoppedError
from streams.spec import Acknowledge, Batch, BuildContext, ComponentSpec, Config, Field, FieldType, Kind

NAME: Final = Field("name", FieldType.STRING, "The name that both ends have.")


class Inproc:
    """Reads a channel of this process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._owed: set[asyncio.Future[Exception | None]] = set()
        """What is to be told of batches that were read."""

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Give back what was read and is not dealt with: whoever handed it over waits for an answer."""
        for taken in self._owed:
            if not taken.done():
                taken.set_result(StreamStoppedError("the stream that read it has ended"))

    async def read(self) -> Batch:
        """The next batch that a stream hands over. Its acknowledgement is that stream's."""
        handed = await self._channel.take()
        self._owed.add(handed.taken)
        handed.taken.add_done_callback(self._owed.discard)
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
