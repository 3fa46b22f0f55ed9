"""The tutorial, done by a program against a running `make up`."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from string import Template
from typing import Any

import requests

from portal.demonstration import tutorial
from portal.demonstration.receiver import Receiver
from portal.embedded.errors import EmbeddedError
from webhooks.signing import generate_secret

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Api:
    """The management API, with a key and the ids that earlier answers held."""

    portal: str
    key: str
    ids: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make a call below /api/ with the variables filled in. Raises EmbeddedError when it is refused."""
        url = f"{self.portal}/api/{self._filled(path)}"
        headers = {"Authorization": self.key}
        try:
            answer = requests.request(
                method, url, json=self._filled(body), headers=headers, timeout=ANSWER_SECONDS
            )
        except requests.RequestException as error:
            raise EmbeddedError(
                f"no portal answers at {self.portal}: is `make up` running? ({error})"
            ) from error
        if not answer.ok:
            raise EmbeddedError(f"{method} {url} answered {answer.status_code}: {answer.text}")
        result: dict[str, Any] = answer.json() if answer.content else {}
        return result

    def take(self, step: tutorial.Step) -> None:
        """Make a call of the tutorial and keep the id it is after."""
        answer = self.call("POST", step.path, step.body)
        if step.keeps:
            self.ids[step.keeps] = step.id_in(answer)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return Template(value).safe_substitute(self.ids)
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if isinstance(value, dict):
            return {name: self._filled(one) for name, one in value.items()}
        return value


def run(api: Api, tell: Callable[[str], None], patience: float) -> float:
    """Do the tutorial and take away what it made. Returns the seconds from the first call to the first event.

    Raises EmbeddedError when a call is refused, or no event arrives within `patience` seconds.
    """
    name, secret = f"smoke-{uuid.uuid4().hex[:8]}", generate_secret()
    arrived = threading.Event()

    def received(line: str) -> None:
        tell(line)
        if line.startswith("verified "):
            arrived.set()

    with _running(Receiver(("127.0.0.1", 0), secret, received)) as url:
        started = time.monotonic()
        for step in tutorial.steps(name, tutorial.Receiver(url, secret)):
            tell(step.says)
            api.take(step)
        if not arrived.wait(patience):
            raise EmbeddedError(f"no event arrived within {patience:.0f} s; the log of `make up` may say why")
        seconds = time.monotonic() - started
    for method, path in tutorial.undoing():
        api.call(method, path)
    return seconds


@contextmanager
def _running(receiver: Receiver) -> Iterator[str]:
    """The receiver's URL while it serves."""
    with receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{receiver.server_port}/"
        receiver.shutdown()
        thread.join()
