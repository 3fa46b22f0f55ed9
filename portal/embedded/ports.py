"""TCP ports on loopback: which are free, which answer."""

import socket

from portal.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"


def free() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(name: str, port: int, variable: str) -> None:
    """Raise EmbeddedError, naming the variable that moves it, when the port of `name` is taken."""
    with socket.socket() as probe:
        # As the servers do: a port whose last connections linger in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise EmbeddedError(
                f"port {port} ({name}): {error.strerror}; end what listens there or set {variable}"
            ) from error


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
