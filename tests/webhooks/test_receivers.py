"""The receivers of docs/how-to/verify.md, run as a reader would run them and held against our own sender."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.outbound import Guard
from tests.parts.missing import missing
from webhooks.request import Request, Target
from webhooks.sender import Sender
from webhooks.signing import HmacKey, generate_secret, secret_key, sign

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
FILES = {"python": HOW_TO / "receivers" / "receiver.py", "node": HOW_TO / "receivers" / "receiver.mjs"}
TEXT_SECRET = "a text that a developer chose"


class Running:
    """A receiver's process, and the address it prints."""

    def __init__(self, language, secret):
        program = sys.executable if language == "python" else shutil.which("node")
        if program is None:
            missing("Node, which the Node receiver of docs/how-to/verify.md needs")
        command = [program, str(FILES[language])]
        environment = os.environ | {"WEBHOOK_SECRET": secret, "PORT": "0"}
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.url = f"http://127.0.0.1:{self.line().split()[-1]}/"

    def line(self):
        """Return the next line it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stop(self):
        """End it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(params=["python", "node"])
def start_receiver(request):
    running = []

    def start(secret):
        running.append(Running(request.param, secret))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
async def post():
    """Send a message through the real sender; returns the status."""
    guard = Guard(["127.0.0.0/8"])
    sender = Sender(guard)

    async def send(url, keys, body=b'{"a": 1}', *, sent_body=None, age=0):
        timestamp = b"%d" % (int(time.time()) - age)
        signature = sign([HmacKey(key) for key in keys], b"msg_1", timestamp, body)
        content = body if sent_body is None else sent_body
        exchange = await sender.post(
            Request(Target.of(url), b"application/json", b"msg_1", timestamp, signature, content)
        )
        assert exchange.error is None, exchange.detail
        return exchange.status

    yield send
    await sender.close()
    guard.close()


@pytest.mark.parametrize("secret", [generate_secret(), TEXT_SECRET], ids=["whsec_", "text"])
async def test_the_receiver_believes_what_we_sign_and_nothing_else(start_receiver, post, secret):
    receiver, key = start_receiver(secret), secret_key(secret)
    assert await post(receiver.url, [key]) == 204
    assert receiver.line() == 'msg_1 {"a": 1}\n'
    assert await post(receiver.url, [b"\xff" * 32, key]) == 204, "an old secret still signs during a rotation"
    assert await post(receiver.url, [key], b"\x00\xff not text") == 204
    assert await post(receiver.url, [key], sent_body=b'{"a":1}') == 401
    assert await post(receiver.url, [b"another key of thirty-two bytes."]) == 401
    assert await post(receiver.url, [key], age=301) == 401
    assert await post(receiver.url, [key], age=-400) == 401


@pytest.mark.parametrize(
    ("message_id", "timestamp", "signature"),
    [
        (b"msg_1", b"soon", b"v1,AAAA"),
        (b"msg_1", b"%d", b""),
        (b"", b"%d", b"v1, v2,x garbage"),
        (b"msg_1", b"%d", b"v1,\xe9"),
    ],
)
async def test_malformed_headers_are_refused_and_break_nothing(
    start_receiver, message_id, timestamp, signature
):
    receiver = start_receiver(TEXT_SECRET)
    guard = Guard(["127.0.0.0/8"])
    sender = Sender(guard)
    stamp = timestamp.replace(b"%d", b"%d" % time.time())
    request = Request(Target.of(receiver.url), b"application/json", message_id, stamp, signature, b"{}")
    assert (await sender.post(request)).status == 401
    await sender.close()
    guard.close()


@pytest.mark.parametrize("language", ["python", "node"])
def test_the_page_shows_the_code_that_is_tested(language):
    fence = {"python": "```python\n", "node": "```js\n"}[language]
    page = (HOW_TO / "verify.md").read_text()
    shown = page.partition(fence)[2].partition("\n```")[0]
    assert "verified(headers, body" in shown
    assert shown in FILES[language].read_text()
