"""AMQP 1.0 by Qpid Proton's engine, which knows no sockets: we bring it bytes, from where the guard lets us connect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import proton

from streams.errors import ConnectError, OutputError
from streams.stopping import end_tasks

IDLE_SECONDS: Final = 30
"""A peer that is silent for so long is gone."""
_READ_BYTES: Final = 1 << 16
_TICK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """A message that arrived."""

    message: proton.Message
    delivery: proton.Delivery

    @property
    def content(self) -> bytes:
        """The payload: data, or a text as a value; empty for any other."""
        body = self.message.body
        return (
            body.encode()
            if isinstance(body, str)
            else bytes(body)
            if isinstance(body, (bytes, memoryview))
            else b""
        )


class Session:
    """A connection with one session, on the event loop it is made on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the connection has ended, once it has."""
        self._reader = reader
        self._writer = writer
        self._collector = proton.Collector()
        self._connection = proton.Connection()
        self._connection.collect(self._collector)
        self._transport = proton.Transport()
        self._session = self._connection.session()
        self._opened: dict[str, asyncio.Future[None]] = {}
        self._sent: dict[str, asyncio.Future[None]] = {}
        self._sender: Any = None
        self._credit = asyncio.Event()
        self._arrived: Callable[[Received], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0

    async def open(self, host: str, mechanism: str, username: str, password: str) -> None:
        """Agree with the peer. mechanism: of SASL, such as `PLAIN`; empty: without. Raises ConnectError."""
        if mechanism:
            if username:
                self._connection.user, self._connection.password = username, password
            sasl = self._transport.sasl()
            sasl.allowed_mechs(mechanism)
            sasl.allow_insecure_mechs = True  # whoever wants it safe has TLS around it
        self._connection.hostname = host
        self._connection.container = "sluice"
        self._transport.idle_timeout = IDLE_SECONDS
        self._transport.bind(self._connection)
        self._connection.open()
        self._session.open()
        self._tasks = [asyncio.create_task(one) for one in (self._read_forever(), self._tick_forever())]
        await self._until_open("connection")

    async def receive_from(self, address: str, credit: int, arrived: Callable[[Received], None]) -> None:
        """Have messages sent to us, so many unsettled at a time. Raises ConnectError where the peer refuses."""
        self._arrived = arrived
        receiver = self._session.receiver(address)
        receiver.source.address = address
        receiver.open()
        receiver.flow(credit)
        await self._until_open(address)

    async def send_to(self, address: str) -> None:
        """Get ready to send. Raises ConnectError where the peer refuses."""
        self._sender = self._session.sender(address)
        self._sender.target.address = address
        self._sender.open()
        await self._until_open(address)

    async def send(
        self, content: bytes, annotations: Mapping[str, Any], properties: Mapping[str, Any] | None
    ) -> None:
        """Return when the peer has accepted a message. Raises OutputError, ConnectError."""
        # Durable, so that what the peer accepts outlives it, as far as the peer can.
        message = proton.Message(
            content, inferred=True, durable=True, properties=dict(properties or {}) or None
        )
        message.annotations = {proton.symbol(name): value for name, value in annotations.items()} or None
        while self._sender.credit <= 0:
            self._credit.clear()
            await self._unless_lost(self._credit.wait())
        self._number += 1
        tag = str(self._number)
        self._sent[tag] = asyncio.get_running_loop().create_future()
        try:
            self._sender.send(message, tag=tag)
            self._flush()
            await self._unless_lost(self._sent[tag])
        finally:
            self._sent.pop(tag, None)

    def accept(self, received: Received) -> None:
        """Tell the peer that a message is dealt with."""
        self._settle(received.delivery, proton.Delivery.ACCEPTED)

    def give_back(self, received: Received) -> None:
        """Tell the peer that a message failed here; it may give it to us again."""
        received.delivery.local.failed = True
        self._settle(received.delivery, proton.Delivery.MODIFIED)

    async def close(self) -> None:
        """Say goodbye and close the connection."""
        if not self.lost.done():
            self._connection.close()
            self._flush()
            self._end("closed")
        # First, as whoever closes may be cut short: what is written still goes out.
        self._writer.close()
        await end_tasks(self._tasks)
        with suppress(OSError):
            await self._writer.wait_closed()

    def _settle(self, delivery: proton.Delivery, state: Any) -> None:
        if self.lost.done():
            return
        receiver = delivery.link
        delivery.update(state)
        delivery.settle()
        receiver.flow(1)
        self._flush()

    async def _until_open(self, name: str) -> None:
        opened = self._opened[name] = asyncio.get_running_loop().create_future()
        self._flush()
        await self._unless_lost(opened)

    async def _unless_lost(self, waiting: Any) -> None:
        """Wait for something. Raises ConnectError when the connection ends first."""
        task = asyncio.ensure_future(waiting)
        try:
            await asyncio.wait((task, self.lost), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ConnectError(self.lost.result())
            task.result()
        finally:
            task.cancel()

    async def _read_forever(self) -> None:
        try:
            while data := await self._reader.read(_READ_BYTES):
                self._transport.push(data)
                self._process()
                self._flush()
            self._end("the peer closed the connection")
        except (OSError, proton.ProtonException) as error:
            self._end(str(error) or repr(error))

    async def _tick_forever(self) -> None:
        """Have the engine look at the time: it asks after a silent peer and answers who asks after us."""
        while True:
            self._transport.tick(time.monotonic())
            self._process()
            self._flush()
            await asyncio.sleep(_TICK_SECONDS)

    def _flush(self) -> None:
        while (size := self._transport.pending()) > 0:
            data = self._transport.peek(size)
            self._writer.write(data)
            self._transport.pop(len(data))

    def _process(self) -> None:
        while (event := self._collector.peek()) is not None:
            handle = _HANDLERS.get(event.type)
            if handle is not None:
                handle(self, event)
            self._collector.pop()

    def _on_connection_open(self, _event: Any) -> None:
        self._resolve("connection")

    def _on_link_open(self, event: Any) -> None:
        link = event.link
        terminus = link.remote_source if link.is_receiver else link.remote_target
        if terminus.type != proton.Terminus.UNSPECIFIED:  # else a refusal follows
            self._resolve(link.name)

    def _on_flow(self, _event: Any) -> None:
        self._credit.set()

    def _on_delivery(self, event: Any) -> None:
        delivery = event.delivery
        if delivery.link.is_sender:
            self._on_outcome(delivery)
        elif delivery.readable and not delivery.partial:
            message = proton.Message()
            message.decode(delivery.link.recv(delivery.pending))
            delivery.link.advance()
            if self._arrived is not None:
                self._arrived(Received(message, delivery))

    def _on_outcome(self, delivery: Any) -> None:
        waiting = self._sent.get(delivery.tag)
        if delivery.updated and delivery.remote_state and waiting is not None and not waiting.done():
            if delivery.remote_state == proton.Delivery.ACCEPTED:
                waiting.set_result(None)
            else:
                waiting.set_exception(OutputError(f"the broker answered {delivery.remote_state}"))
            delivery.settle()

    def _on_end(self, event: Any) -> None:
        ended = event.context
        condition = getattr(ended, "remote_condition", None) or getattr(ended, "condition", None)
        self._end(f"{condition.name}: {condition.description}" if condition else "the peer ended it")

    def _resolve(self, name: str) -> None:
        opened = self._opened.get(name)
        if opened is not None and not opened.done():
            opened.set_result(None)

    def _end(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


_HANDLERS: Final[Mapping[Any, Callable[[Session, Any], None]]] = {
    proton.Event.CONNECTION_REMOTE_OPEN: Session._on_connection_open,  # noqa: SLF001 - its own table
    proton.Event.LINK_REMOTE_OPEN: Session._on_link_open,  # noqa: SLF001
    proton.Event.LINK_FLOW: Session._on_flow,  # noqa: SLF001
    proton.Event.DELIVERY: Session._on_delivery,  # noqa: SLF001
    proton.Event.LINK_REMOTE_CLOSE: Session._on_end,  # noqa: SLF001
    proton.Event.SESSION_REMOTE_CLOSE: Session._on_end,  # noqa: SLF001
    proton.Event.CONNECTION_REMOTE_CLOSE: Session._on_end,  # noqa: SLF001
    proton.Event.TRANSPORT_ERROR: Session._on_end,  # noqa: SLF001
    proton.Event.TRANSPORT_CLOSED: Session._on_end,  # noqa: SLF001
}
