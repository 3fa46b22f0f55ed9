"""The receiver as the test sees it: start it, ask what came, change its manners."""

import dataclasses
import http.client
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from portal.embedded import ports, process
from tests.load.receiver import Options

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came."""

    endpoint: int
    webhook_id: str
    number: int  # of the event, as its body says
    digest: int  # of the body
    arrived_ns: int  # on the machine's monotonic clock
    status: int  # what was answered; 0: nothing


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver."""

    child: process.Child
    options: Options

    def url(self, endpoint: int) -> str:
        """Where webhooks for the endpoint go: each has an address of its own while there are enough."""
        scheme = "https" if self.options.certificate else "http"
        address = self.options.addresses[endpoint % len(self.options.addresses)]
        return f"{scheme}://{address}:{self.options.port}/e/{endpoint}"

    def total(self) -> int:
        """How many requests have come."""
        return int(self._ask("counts")["total"])

    def counts(self) -> dict[int, int]:
        """How many requests have come to each endpoint."""
        return {int(endpoint): count for endpoint, count in self._ask("counts")["endpoints"].items()}

    def records(self, first: int = 0) -> Iterator[Received]:
        """What came, oldest first, from the `first`-th on."""
        return itertools.starmap(Received, self._ask("records", str(first).encode()))

    def behave(self, *, hang: Iterable[int] = (), delay_ms: float = 0.0) -> None:
        """Have the endpoints in `hang` never answer, and the others only after a delay."""
        self._ask("manners", orjson.dumps({"hang": list(hang), "delay_ms": delay_ms}))

    def stop(self) -> None:
        """End it."""
        self.child.stop()

    def _ask(self, command: str, body: bytes = b"") -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.options.control_port, timeout=60)
        connection.request("POST", f"/control/{command}", body)
        answer = orjson.loads(connection.getresponse().read())
        connection.close()
        return answer


def addresses(count: int) -> list[str]:
    """So many loopback addresses: to a sender, each is another host."""
    return [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(count)]


def start(
    output: int | IO[bytes],
    *,
    hosts: int = 1,
    record: bool = True,
    secrets: Mapping[int, str] | None = None,
    fail_first_try_of_every: int = 0,
    certificate: tuple[Path, Path] | None = None,
) -> Receiver:
    """Start a receiver and wait until it listens. `certificate`: PEM files of chain and key, for https."""
    chain, key = map(str, certificate or ("", ""))
    options = Options(
        addresses=addresses(hosts),
        port=ports.free(),
        control_port=ports.free(),
        record=record,
        secrets={str(endpoint): secret for endpoint, secret in (secrets or {}).items()},
        fail_first_try_of_every=fail_first_try_of_every,
        certificate=chain,
        key=key,
    )
    command = process.Command(
        name="receiver",
        arguments=(sys.executable, "-m", "tests.load.receiver", json.dumps(dataclasses.asdict(options))),
        directory=ROOT,
        environment=os.environ,
    )
    child = process.start(command, output)
    process.wait_until(child, lambda: ports.answers(options.control_port))
    return Receiver(child, options)
