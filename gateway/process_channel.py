"""What gateway processes tell each other by Valkey.

It makes things faster and fairer, never right: while Valkey is away nothing is said, and nothing is lost.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import orjson
import redis.asyncio
from redis.exceptions import RedisError

from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

_RECONNECT_SECONDS: Final = 1.0
_TIMEOUT_SECONDS: Final = 0.5


class ProcessChannel:
    """Tells other processes, and listens to them."""

    def __init__(
        self, valkey_url: str, channel: str, process: str, heard: Callable[[str, list[Any]], None]
    ) -> None:
        """process: this process's own id; what it says itself it does not hear.

        heard: called with the id of who speaks and what they said; it raises ValueError or TypeError where it does
        not understand.
        """
        self._client = redis.asyncio.Redis.from_url(
            valkey_url, socket_connect_timeout=_TIMEOUT_SECONDS, retry_on_error=[]
        )
        self._channel = channel
        self._process = process
        self._heard = heard
        self._listening: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen from now on."""
        self._listening = asyncio.create_task(self._listen())

    def tell(self, *words: Any, channel: str = "") -> None:
        """Tell the others, without waiting for it; words: anything JSON can say; channel: another than this one."""
        text = orjson.dumps([self._process, *words])
        task = asyncio.create_task(self._publish(channel or self._channel, text))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def stop(self) -> None:
        """Listen no more."""
        await end_tasks([*self._telling] if self._listening is None else [self._listening, *self._telling])
        with suppress(RedisError, OSError):
            await self._client.aclose()

    async def _publish(self, channel: str, text: bytes) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await self._client.publish(channel, text)

    async def _listen(self) -> None:
        """Pass on what others say; while Valkey is away, quietly try to reach it again."""
        while True:
            with suppress(RedisError, OSError):
                async with self._client.pubsub() as channel:
                    await channel.subscribe(self._channel)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._hear(message["data"])
            await asyncio.sleep(_RECONNECT_SECONDS)

    def _hear(self, text: bytes) -> None:
        try:
            process, *words = orjson.loads(text)
            if process != self._process:
                self._heard(str(process), words)
        except (ValueError, TypeError):  # of another version
            logger.info("what a process said this version does not understand: %.100r", text)
