"""A way to PostgreSQL that can be cut, and mended."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_CHUNK = 65_536


class Forwarder:
    """Passes what comes to a loopback port on to a Unix socket."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._whole = True
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._start(self._accept)

    def cut(self) -> None:
        """Break every connection, and every one that is tried."""
        self._whole = False
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def close(self) -> None:
        """End it."""
        self.cut()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listening.accept()
                if not self._whole:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._target))
                for one, other in ((near, far), (far, near)):
                    self._open.add(one)
                    self._start(self._pass_on, one, other)

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while chunk := one.recv(_CHUNK):
                other.sendall(chunk)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
