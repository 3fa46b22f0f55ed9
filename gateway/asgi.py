"""The gateway's ASGI application: the data plane, from its start to its end.

Nothing of Django is on this path: no views, no middleware, no sessions.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from gateway.answers import plain, refuse
from gateway.client import CloseReason
from gateway.configuration import Changed, Configuration
from gateway.dispatch import dispatch, end_streams
from gateway.end_signals import before_the_end
from gateway.metrics import CONTENT_TYPE, Gauge, exposition
from gateway.parts import Parts
from gateway.protocol import Receive, Scope, Send
from streams.garbage import spare_what_stays

DRAIN_SECONDS: Final = 5.0
"""How long open streams may take to say why they end."""
_OWN_PATHS: Final = frozenset({"/healthz", "/metrics"})


class Gateway:
    """Answers requests and WebSockets. `make` is called on the event loop the server brings."""

    def __init__(self, make: Callable[[Changed], Awaitable[Parts]]) -> None:
        """make: makes the parts; it is given what to call with each new configuration."""
        self._make = make
        self._parts: Parts | None = None
        self._ready: Parts | None = None
        """The parts, once they have started."""
        self._starting: asyncio.Task[Parts] | None = None
        self._told_of_the_end = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one scope (ASGI 3)."""
        parts = self._ready
        if parts is None or scope["type"] == "lifespan" or scope["path"] in _OWN_PATHS:
            return self._serve_own(scope, receive, send)
        return dispatch(parts, scope, receive, send)

    async def _serve_own(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is no API's, and what comes before all is known."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"] == "/healthz" and scope["type"] == "http":
            await plain(send, b"application/json", b'{"status":"ok"}')
        else:
            # A server without lifespan, such as Daphne, starts it by the first request.
            parts = await self._started()
            if scope["path"] == "/metrics" and scope["type"] == "http":
                await _metrics(parts, scope, receive, send)
            else:
                await dispatch(parts, scope, receive, send)

    def drain(self) -> None:
        """Tell every open stream that the process ends, and let none in any more."""
        if self._parts is not None:
            self._parts.admission.clients.end_all(CloseReason.SHUTDOWN)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        self._told_of_the_end = True
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self._started()
            else:
                await self._stop()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return

    async def _started(self) -> Parts:
        """Make and start the parts, once."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> Parts:
        parts = await self._make(self._configured)
        for part in parts.serving:
            await part.start()
        await parts.admission.budgets.start()
        await parts.admission.analytics.start()
        self._parts = parts
        await parts.follower.start()
        spare_what_stays()
        # A server cuts WebSockets off without our reason; it hears of the signal when all have been told.
        before_the_end(self.drain, self._drained if self._told_of_the_end else self._stop)
        self._ready = parts
        return parts

    def _configured(self, configuration: Configuration, *, anew: bool) -> None:
        """Bring a configuration into force; and look, each second, at what time alone has changed."""
        parts = self._parts
        if parts is None:
            return
        if anew:
            for part in parts.serving:
                part.apply(configuration.apis)
            parts.admission.budgets.apply(configuration.table)
        if parts.follower.is_stale:
            parts.admission.clients.end_all(CloseReason.STALE)
        else:
            end_streams(parts.admission.clients, configuration, anew=anew)

    async def _stop(self) -> None:
        """End open streams, finish what was begun, write down what was counted."""
        if self._parts is None:
            return
        parts = self._parts
        await parts.follower.stop()
        await self._drained()
        for part in reversed(parts.serving):
            await part.stop()
        await parts.admission.budgets.stop()
        await parts.admission.analytics.stop()
        await parts.close()

    async def _drained(self) -> None:
        """Return when every open stream has said why it ends, or had the time to."""
        self.drain()
        if self._parts is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._parts.admission.clients.all_left()


async def _metrics(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    if refusal := parts.metrics_access.refusal(scope):
        await refuse(scope, receive, send, refusal)
        return
    admission = parts.admission
    gauges = (
        Gauge("sluice_gateway_streams_open", "Streams that clients have open.", len(admission.clients)),
        Gauge("sluice_gateway_budgets", "Callers whose limits are being counted.", len(admission.budgets)),
        Gauge(
            "sluice_gateway_traffic_unwritten_seconds",
            "How long ago all counts were written to PostgreSQL.",
            admission.analytics.unwritten_seconds,
        ),
        Gauge("sluice_gateway_revision", "The revision that is in force.", parts.follower.now.revision),
        Gauge("sluice_gateway_stale", "1: PostgreSQL is away for too long.", float(parts.follower.is_stale)),
    )
    await plain(send, CONTENT_TYPE, exposition(admission.analytics.totals, gauges))
