"""The gateway of a running `make up`: what is posted to a stream is heard by who listens."""

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import requests

from portal.demonstration.shop import CONNECTION, document
from portal.demonstration.smoke import ANSWER_SECONDS, Api
from portal.embedded.errors import EmbeddedError

PAUSE_SECONDS = 0.2
NOT_YET = frozenset({404, 503})
"""A gateway has not heard of the definition, or is not connected to its output."""


def run(api: Api, gateway: str, patience: float) -> float:
    """Post something to a definition made for it and hear it. Returns the seconds in between.

    Raises EmbeddedError when a call is refused, or nothing is heard within `patience` seconds.
    """
    name = f"smoke-{uuid.uuid4().hex[:8]}"
    made = api.call("POST", "definitions", {"activate": True, "document": _document(name)})["definition"]
    try:
        return _heard(f"{gateway}/{name}", name, patience)
    except requests.RequestException as error:
        raise EmbeddedError(f"the gateway at {gateway} broke off: {error}") from error
    finally:
        api.call("DELETE", f"definitions/{made['id']}")


def _heard(url: str, text: str, patience: float) -> float:
    # The first makes the topic: nobody can listen to one that is not there.
    _answer(
        lambda: requests.post(f"{url}/say", "is anybody there?", timeout=ANSWER_SECONDS), patience
    ).close()
    listening = _answer(lambda: requests.get(f"{url}/sse", stream=True, timeout=ANSWER_SECONDS), patience)
    with listening:
        ear = _Ear(listening, text)
        threading.Thread(target=ear.listen, daemon=True).start()
        started = time.monotonic()
        _answer(lambda: requests.post(f"{url}/say", text, timeout=ANSWER_SECONDS), patience).close()
        if not ear.heard.wait(patience):
            raise EmbeddedError(f"what was posted to {url} was not heard within {patience:.0f} s")
        return ear.at - started


def _answer(ask: Callable[[], requests.Response], patience: float) -> requests.Response:
    """The first answer other than that there is nothing yet. Raises EmbeddedError unless it is 200."""
    deadline = time.monotonic() + patience
    answer = ask()
    while answer.status_code in NOT_YET and time.monotonic() < deadline:
        answer.close()
        time.sleep(PAUSE_SECONDS)
        answer = ask()
    if not answer.ok:
        raise EmbeddedError(f"{answer.url} answered {answer.status_code}: {answer.text}")
    return answer


@dataclass
class _Ear:
    """Listens for a line."""

    response: requests.Response
    text: str
    heard: threading.Event = field(default_factory=threading.Event)
    at: float = 0.0

    def listen(self) -> None:
        """Read until it comes."""
        with suppress(requests.RequestException):  # nothing came in time, or nobody listens any more
            for line in self.response.iter_lines(chunk_size=1):
                if line == self.text.encode():
                    self.at = time.monotonic()
                    self.heard.set()
                    return


def _document(name: str) -> dict[str, object]:
    """Anybody may post to `/say` and listen at `/sse`."""
    say = {
        "input": {"http_server": {"path": "/say", "ws_path": ""}},
        "output": {"kafka": {"addresses": [CONNECTION], "topic": name}},
    }
    hear = {
        "input": {"kafka": {"addresses": [CONNECTION], "topics": [name], "consumer_group": name}},
        "output": {"http_server": {"path": "", "stream_path": "/sse", "ws_path": ""}},
    }
    made = document(name, f"/{name}/", {"say": say, "hear": hear})
    made["x-tyk-api-gateway"]["server"]["authentication"] = {"enabled": False}
    return made
