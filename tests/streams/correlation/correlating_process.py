"""A process that correlates, to be killed.

`python -m tests.streams.correlation.correlating_process STREAM OUT DATABASE ID`: STREAM is a file with the stream,
whose output is `kept0`; OUT a file to which it appends a line for each match; DATABASE and ID say where the state is
kept, and to which definition it belongs.
"""

import asyncio
import os
import sys
from pathlib import Path

from gateway.correlation import PostgresCorrelationStates
from streams.connections import Connections
from streams.correlation.state import CorrelationStates
from streams.pipeline import Pipeline
from streams.spec import StreamIdentity
from tests.streams.making import MemoryQuarantine, stream, with_ends
from webhooks.database import open_pool


class Lines:
    """An output that appends lines, and has them when it says so."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def connect(self): ...

    async def close(self): ...

    async def write(self, messages):
        os.write(self.file, b"".join(message.content + b"\n" for message in messages))


async def main(checked, database, definition):
    pool = await open_pool(database)
    services = {
        Connections: Connections(raw_addresses=True),
        CorrelationStates: PostgresCorrelationStates(pool),
    }
    identity = StreamIdentity(int(definition), 1, "shop", "alarms", "sluice", 1)
    await Pipeline(checked, identity, services, MemoryQuarantine()).run()


if __name__ == "__main__":
    text, out, *place = sys.argv[1:]
    asyncio.run(main(stream(Path(text).read_text(), with_ends(None, Lines(out))), *place))
