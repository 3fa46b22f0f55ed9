"""PostgreSQL at a TCP port, for clients that know no Unix sockets."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

BYTES = 65536


class _Relay(socketserver.BaseRequestHandler):
    target: Path

    def handle(self) -> None:
        """Pass bytes on in both directions until both ends have closed."""
        with socket.socket(socket.AF_UNIX) as onward:
            onward.connect(str(self.target))
            back = threading.Thread(target=_copy, args=(onward, self.request), daemon=True)
            back.start()
            _copy(self.request, onward)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(BYTES):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def tcp_to_socket(target: Path) -> Iterator[int]:
    """The port of this machine that leads to a Unix socket."""
    with _Server(("127.0.0.1", 0), type("Relay", (_Relay,), {"target": target})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
