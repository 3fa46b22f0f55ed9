"""`manage.py gateway`: serves the gateway under uvicorn, with sockets that bound what a client can hold."""

import os
import socket
from argparse import ArgumentParser
from typing import Any, Final

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gateway.bounded_http import BoundedHttp
from gateway.bounded_websocket import BoundedWebSocket
from gateway.protocol import Application

SEND_BUFFER_BYTES: Final = 128 * 1024
"""What the kernel keeps for a client that does not read; by default it would be up to 4 MB each."""
STUCK_SECONDS: Final = 30
"""After which the kernel gives a connection up whose data nobody acknowledges."""
BACKLOG: Final = 2048
SHUTDOWN_SECONDS: Final = 10


class Command(BaseCommand):
    """Serves streams over HTTP."""

    help = "Serve the gateway: streams over SSE, WebSocket and HTTP, and upstreams."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
        parser.add_argument("--port", type=int, default=8080)
        parser.add_argument("--reuse-port", action="store_true", help="let several processes share the port")

    def handle(self, *_: Any, **options: Any) -> None:
        """Listen and serve until told to stop."""
        try:
            listening = listener(options["host"], options["port"], reuse_port=options["reuse_port"])
        except OSError as error:
            raise CommandError(f"port {options['port']} cannot be listened at: {error.strerror}") from error
        uvicorn.Server(configured("portal.gateway_asgi:application")).run(sockets=[listening])


def configured(application: str | Application) -> uvicorn.Config:
    """How uvicorn serves the gateway, or what stands for it."""
    return uvicorn.Config(
        application,
        interface="asgi3",
        access_log=False,
        log_config=None,
        http=BoundedHttp,
        # Not the default: it costs a third of the memory per WebSocket, and no compressor is kept for each.
        ws=BoundedWebSocket,
        ws_max_size=settings.INGEST_BODY_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
        # Unless told whom to trust, uvicorn believes anybody on this machine about who calls.
        proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),
        # Who cannot start says so and ends, instead of answering 500 to everybody.
        lifespan="on",
    )


def listener(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """A listening socket; what is set on it holds for each connection it accepts. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
    made.bind((host, port))
    made.listen(BACKLOG)
    made.setblocking(False)  # noqa: FBT003 - the standard library's
    return made
