"""The topic logs of this process: one for all callers of the same topics, kept while somebody reads it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from gateway.caller_reading import OpenReader, PlacedReader
from gateway.topic_log import LogCursor, TopicLog
from streams.connections import Connections, ConnectionSettings
from streams.inputs.kafka import brokers_of, topic_names
from streams.kafka.settings import connection_config
from streams.lint import CheckedStream
from streams.spec import Config

LINGER_SECONDS: Final = 30.0
"""How long a log that nobody reads is kept, at least."""

_Key = tuple[ConnectionSettings, tuple[str, ...], bool, str]


class TopicLogs:
    """Makes cursors for callers."""

    def __init__(self) -> None:
        self._logs: dict[_Key, TopicLog] = {}
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Put away what nobody reads, from now on."""
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Read nothing any more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        logs, self._logs = list(self._logs.values()), {}
        await asyncio.gather(*(log.stop() for log in logs))

    def opener(self, stream: CheckedStream, connections: Connections) -> OpenReader:
        """How the `kafka` input of a stream is read from given places."""
        config = stream.input.config

        async def open_reader(offsets: Mapping[str, int], begun: Callable[[str, int], None]) -> PlacedReader:
            """Raises ConfigError where the topics may not be read any more."""
            log = self._log(config, brokers_of(config, connections))
            return LogCursor(log, offsets, begun, from_oldest=config["start_from_oldest"])

        return open_reader

    def _log(self, config: Config, settings: ConnectionSettings) -> TopicLog:
        topics = tuple(topic_names(config["topics"]))
        isolation = str(config["transaction_isolation_level"])
        key = settings, topics, bool(config["multi_header"]), isolation
        log = self._logs.get(key)
        if log is None:
            connection = connection_config(settings, config["client_id"]) | {"isolation.level": isolation}
            log = self._logs[key] = TopicLog(connection, topics, multi_header=config["multi_header"])
            log.start()
        return log

    async def _sweep(self) -> None:
        idle: set[_Key] = set()
        while True:
            await asyncio.sleep(LINGER_SECONDS)
            unread = {key for key, log in self._logs.items() if not log.readers}
            for key in unread & idle:
                await self._logs.pop(key).stop()
            idle = unread - idle
