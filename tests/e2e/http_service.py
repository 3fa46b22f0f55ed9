"""A service over HTTP that tells what it was asked."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[Any], Any]
"""JSON, or None for an empty body, to JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came."""

    verb: str
    path: str
    body: Any  # JSON; None: nothing


@dataclass
class HttpService:
    """Answers by path; what has no answer is echoed."""

    url: str
    answers: Mapping[str, Answer]
    requests: list[Request] = field(default_factory=list)

    def asked(self, path: str) -> list[Request]:
        """The requests to a path, oldest first."""
        return [one for one in self.requests if one.path == path]

    def bodies(self, path: str) -> list[Any]:
        """What they brought."""
        return [one.body for one in self.asked(path)]


class _Handler(BaseHTTPRequestHandler):
    service: HttpService
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Note the request and answer it."""
        self._answer()

    def do_POST(self) -> None:
        """The same."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the test asks for the requests."""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = json.loads(sent) if sent else None
        self.service.requests.append(Request(self.command, self.path, body))
        answer = json.dumps(self.service.answers.get(self.path, lambda given: given)(body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@contextlib.contextmanager
def http_service(answers: Mapping[str, Answer]) -> Iterator[HttpService]:
    """A service that runs in threads of this process."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        made = handler.service = HttpService(f"http://127.0.0.1:{server.server_port}", answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
