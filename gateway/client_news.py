"""What gateway processes tell each other of the clients of streams that they divide among them."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from gateway.process_channel import ProcessChannel

CHANNEL: Final = "sluice:clients"


class News(Enum):
    """What may have happened to a stream's clients."""

    GAINED = "gained"
    """A process that had none has one now: who has none any more may let go of the stream."""
    STARVING = "starving"
    """A process has clients, and nothing to read for them: who has had the stream for a while may let it have it."""


Heard = Callable[[News, str], None]
"""Called with news of a stream, by its name among processes."""


class ClientNews:
    """Tells other processes, and listens to them."""

    def __init__(self, valkey_url: str, process: str, heard: Heard) -> None:
        """process: this process's own id; what it says itself it does not hear."""
        self._channel = ProcessChannel(valkey_url, CHANNEL, process, self._hear)
        self._heard = heard

    async def start(self) -> None:
        """Listen from now on."""
        await self._channel.start()

    def tell(self, news: News, stream: str) -> None:
        """Tell the others, without waiting for it."""
        self._channel.tell(news.value, stream)

    async def stop(self) -> None:
        """Listen no more."""
        await self._channel.stop()

    def _hear(self, _process: str, words: list[Any]) -> None:
        news, stream = words
        self._heard(News(news), str(stream))
