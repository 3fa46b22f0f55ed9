import asyncio
import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.load import marked
from tests.load.listeners import Client, Crowd, Options

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class Transport:
    """Takes the request."""

    def write(self, _data: bytes) -> None: ...


async def hear(pieces: list[bytes]) -> Crowd:
    crowd = Crowd(Options(1, "/", 1))
    client = Client(crowd, reads=True, timed=True)
    crowd.clients.append(client)
    client.connection_made(Transport())
    for piece in pieces:
        client.data_received(piece)
    return crowd


@given(count=st.integers(0, 5), cuts=st.lists(st.integers(1, 500)))
def test_messages_are_counted_and_timed_however_they_are_cut_up(count, cuts):
    events = b"".join(b"data: %b\n\n" % marked.message(time.monotonic_ns(), 60) for _ in range(count))
    whole = HEAD + events
    places = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    pieces = [whole[first:last] for first, last in itertools.pairwise(places)]
    crowd = asyncio.run(hear(pieces))
    assert crowd.report()["messages"] == count
    assert sum(crowd.delays.values()) == count
