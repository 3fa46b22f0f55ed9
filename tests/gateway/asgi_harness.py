"""The gateway as a process of its own, under either server, on a port of its own."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from portal.embedded import ports, process
from tests.parts import embedded

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
SERVERS = ("uvicorn", "daphne")


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that answers."""

    port: int
    child: process.Child

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return requests.request(method, self.url(path), timeout=DEADLINE, **arguments)

    def websocket(self, path: str, headers: Mapping[str, str] | None = None) -> ClientConnection:
        """An open WebSocket. Raises websockets' InvalidStatus where it is refused."""
        return connect(self.url(path, "ws"), additional_headers=headers, open_timeout=DEADLINE, proxy=None)


@contextmanager
def gateway_process(
    environment: Mapping[str, str], server: str = "uvicorn", **variables: str
) -> Iterator[RunningGateway]:
    """A gateway under `server` with these settings; it is ended with the block."""
    port = ports.free()
    command = process.Command(
        f"gateway-{port}", _arguments(server, port), ROOT, {**environment, **variables}, grace=20.0
    )
    child = embedded.logging_to(command.name)(command)
    try:
        process.wait_until(child, lambda: _is_up(port), DEADLINE)
        yield RunningGateway(port, child)
    finally:
        child.stop()


def wait_until(true: Any, what: str = "") -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def detail(response: requests.Response) -> tuple[int, str]:
    """The status of an answer, and a problem's name for programs."""
    is_problem = response.headers.get("content-type") == "application/problem+json"
    return response.status_code, json.loads(response.content).get("code", "") if is_problem else ""


def _arguments(server: str, port: int) -> tuple[str, ...]:
    if server == "daphne":
        return (sys.executable, "-m", "daphne", "-p", str(port), "portal.gateway_asgi:application")
    return sys.executable, "manage.py", "gateway", "--port", str(port)


def _is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
