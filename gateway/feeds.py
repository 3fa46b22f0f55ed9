"""Whose messages a client gets: everybody's, its turn of them, or its own."""

from gateway.broadcast import Broadcast
from gateway.call import Call
from gateway.feed import Feed, QueueFeed
from gateway.message_log import Form
from gateway.reading import Delivery, delivery_of
from gateway.round_robin import RoundRobin


class Feeds:
    """Opens the feed that a route's output asks for."""

    def __init__(self, broadcast: Broadcast, round_robin: RoundRobin) -> None:
        self._broadcast = broadcast
        self._round_robin = round_robin

    async def open(self, call: Call, form: Form) -> Feed:
        """Open it. Raises ConnectError, ConfigError, CursorError."""
        stream, component = call.route.stream, call.route.component
        assert stream is not None and component is not None  # noqa: S101, PT018 - a route to clients has both
        if delivery_of(stream, component, call.route.api.dialect) is Delivery.BROADCAST:
            return await self._broadcast.open(call, form)
        return QueueFeed(await self._round_robin.join(call), form)
