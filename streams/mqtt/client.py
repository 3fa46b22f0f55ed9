"""A client of MQTT 3.1.1 whose messages are acknowledged when we say so, at the address we say.

aiomqtt has neither setting, though paho, which it is made of, has both. So this is the one place that reaches into it.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

import aiomqtt
from paho.mqtt.client import MQTTMessage


class Received(aiomqtt.Message):
    """A message, and whether it was sent before."""

    duplicate: bool = False


class MqttClient(aiomqtt.Client):
    """aiomqtt's client. `connect` it once; when it is lost, make another."""

    def __init__(
        self,
        host: str,
        address: str,
        port: int,
        *,
        seconds: float,
        context: ssl.SSLContext | None,
        **options: Any,
    ) -> None:
        """host: whom TLS must find there. address: what is connected to. seconds: for the connection."""
        super().__init__(host, port, timeout=seconds, **options)

        def open_socket() -> socket.socket:
            opened = socket.create_connection((address, port), seconds)
            return opened if context is None else context.wrap_socket(opened, server_hostname=host)

        self._client.manual_ack_set(on=True)
        self._client._create_socket_connection = open_socket  # type: ignore[method-assign]  # noqa: SLF001

    async def connect(self) -> None:
        """Connect. Raises aiomqtt.MqttError."""
        try:
            await self.__aenter__()
        except BaseException:
            self._client._sock_close()  # noqa: SLF001
            raise

    async def close(self) -> None:
        """Disconnect in order where it is still connected."""
        try:
            await self.__aexit__(None, None, None)
        finally:
            self._client._sock_close()  # noqa: SLF001

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that it need not keep a message any more."""
        if message.qos:
            self._client.ack(message.mid, message.qos)

    def _on_message(self, client: Any, userdata: Any, message: MQTTMessage) -> None:  # noqa: ARG002 - paho's
        received = Received._from_paho_message(message)  # noqa: SLF001
        received.duplicate = message.dup
        if not self._queue.full():
            self._queue.put_nowait(received)
