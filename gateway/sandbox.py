"""What an app reads whose subscription waits for its publisher: the product's examples, at the addresses and by the
headers that will give it messages, and marked.

Whoever is let in with examples is served here and nowhere else, so that no message of a stream reaches them, and
nothing that they send reaches a broker. Nothing is counted against the plan.
"""

import asyncio
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway import frames
from gateway.answers import refuse
from gateway.authentication import Refusal
from gateway.call import Call
from gateway.client import CloseReason
from gateway.feed import Feed
from gateway.message_log import Form, Portion, portion_of_messages
from gateway.poll import answer_from
from gateway.poll_source import Given, Header
from gateway.protocol import Event, Send
from gateway.routes import Purpose
from gateway.sse import EventStreams
from gateway.websocket import WebSockets

MARK: Final[Header] = (b"sluice-sandbox", b"subscription_requested")
"""In each answer: nothing that follows is a real message."""
EXAMPLE_SECONDS: Final = 1.0
"""Between two examples of a stream."""
_NOTICE: Final = frames.notice("sandbox", json.dumps({"reason": "subscription_requested"}).encode())
_NOT_YET: Final = Refusal(
    403,
    "subscription_requested",
    "The subscription waits for its publisher: until they decide, examples can be read, and nothing can be sent.",
)
_BEGINNINGS: Final = ("http.response.start", "websocket.accept")


class Sandbox:
    """Serves callers who have examples."""

    def __init__(self) -> None:
        self._events = EventStreams(self)
        self._sockets = WebSockets(self)

    async def serve(self, call: Call) -> None:
        """Serve one call, whatever it is for. Raises nothing for a caller's mistake."""
        marked = replace(call, send=_marked(call.send))
        if call.route.purpose is Purpose.STREAM:
            await self._events.request(marked)
        elif call.route.purpose is Purpose.WEBSOCKET:
            await self._sockets.websocket(marked)
        elif call.route.purpose is Purpose.POLL:
            await answer_from(marked, ExampleMessage(_examples(call)))
        else:
            await refuse(call.scope, call.receive, marked.send, _NOT_YET)
            if call.client is not None:
                call.client.end(CloseReason.LEFT)

    async def open(self, call: Call, form: Form) -> Feed:
        """Give a client the examples, one after the other, without end."""
        return ExampleFeed(_examples(call), form)


class ExampleFeed:
    """Examples in turn, one each EXAMPLE_SECONDS; server-sent events begin with one named `sandbox`."""

    def __init__(self, examples: Sequence[bytes], form: Form) -> None:
        """examples: none: nothing comes, and the stream stays open."""
        self._examples = itertools.cycle(examples)
        self._form = form
        self._told = form is not Form.EVENTS
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() if examples else math.inf
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> Portion | None:
        """The notice first, then the example that is due."""
        if not self._told:
            self._told = True
            return Portion(0, 0, _NOTICE)
        if self._loop.time() < self._due:
            return None
        self._due = self._loop.time() + EXAMPLE_SECONDS
        return portion_of_messages([next(self._examples)], self._form)

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Tell when the next one is due."""
        self._stop_timer()
        if self._due < math.inf:
            self._timer = self._loop.call_at(self._due, _tell, waiter)

    async def delivered(self) -> None:
        """Nothing is owed to anybody."""

    async def close(self) -> None:
        """Stop the timer."""
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class ExampleMessage:
    """One example for a request; a product without any has it wait in vain, as a quiet stream does."""

    def __init__(self, examples: Sequence[bytes]) -> None:
        self._examples = examples

    async def next(self) -> Given | None:
        """The one whose turn it is by the clock, so that asking again gives another."""
        if not self._examples:
            await asyncio.Event().wait()
        turn = int(asyncio.get_running_loop().time() / EXAMPLE_SECONDS)
        return Given([self._examples[turn % len(self._examples)]])

    async def handed_over(self) -> None:
        """Nothing is owed to anybody."""

    def headers(self) -> Sequence[Header]:
        """None but the mark, which every answer carries."""
        return ()

    async def close(self) -> None:
        """There is nothing to let go of."""


def _examples(call: Call) -> tuple[bytes, ...]:
    return call.caller.examples or ()


def _marked(send: Send) -> Send:
    """A `send` whose answers carry the mark."""

    async def send_marked(event: Event) -> None:
        if event["type"] in _BEGINNINGS:
            event = {**event, "headers": [*event.get("headers", ()), MARK]}
        await send(event)

    return send_marked


def _tell(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
