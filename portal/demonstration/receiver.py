"""A webhook receiver that verifies what it is sent and tells it in one line each."""

import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from webhooks.signing import HmacKey, SignatureError, secret_key, verify

LONGEST_BODY: Final = 1 << 20  # bytes; more than any event of the demonstration
EXCERPT_CHARACTERS: Final = 120
READ_SECONDS: Final = 10.0


class Receiver(ThreadingHTTPServer):
    """Answers 204 to a message signed with `secret`, 401 to any other."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], secret: str, tell: Callable[[str], None]) -> None:
        super().__init__(address, _Handler)
        self.key = HmacKey(secret_key(secret))
        self.tell = tell


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        """Read, verify, tell, answer."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        try:
            message_id = verify([self.server.key], dict(self.headers), body, int(time.time()))
        except SignatureError as error:
            self.server.tell(f"refused: {error}")
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        self.server.tell(f"verified {message_id} {_excerpt(body)}")
        self._answer(HTTPStatus.NO_CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the receiver tells what matters."""

    def _answer(self, status: HTTPStatus) -> None:
        # A refused body is not read to its end, so what follows it is no request.
        self.close_connection = status is not HTTPStatus.NO_CONTENT
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


def _excerpt(body: bytes) -> str:
    """The body's first characters, none of which can act on a terminal."""
    text = body[: EXCERPT_CHARACTERS * 4].decode(errors="replace")
    return "".join(c if c.isprintable() else "·" for c in text)[:EXCERPT_CHARACTERS]
