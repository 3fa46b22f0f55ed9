"""Chat Jippity: the guide's two definitions, created by its curl, with a joker that tells jokes of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, sync_playwright

from portal.embedded import ports, process
from tests.e2e.listening import Curl
from tests.load.deployment import Deployment
from tests.load.waiting import wait_until
from tests.parts.chromium import ARGUMENTS
from tests.parts.topics import Topics

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"
SAID = [f"Tell me joke number {number}." for number in range(10)]

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", autouse=True)
def guide(deployment: Deployment) -> Iterator[None]:
    """The topics, the joker, and the two definitions."""
    kafka = deployment.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]
    topics = Topics()
    for topic in ("chat", "discussion"):
        topics(kafka, name=topic)
    joker = [sys.executable, str(TUTORIAL / "joker.py"), "--kafka", kafka]
    child = deployment.processes.start("joker", joker)
    process.wait_until(child, lambda: "listens" in deployment.processes.log("joker").read_text())
    for name in ("producer.json", "consumer.json"):
        create_by_curl(deployment, name)
    for path in ("/jippity-chat/", "/jippity-discuss/"):
        deployment.wait_until_served(path)
    yield
    topics.delete()


def create_by_curl(deployment: Deployment, file: str) -> None:
    command = ["curl", "-sS", "-H", f"Authorization: {deployment.key}"]
    command += ["-H", "Content-Type: application/vnd.tyk.streams.oas"]
    command += [f"{deployment.portal}/api/apis/streams", "-d", f"@{file}"]
    done = subprocess.run(command, cwd=TUTORIAL, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["Status"] == "OK", done.stdout


def say(gateway: str, text: str) -> None:
    answer = requests.post(
        f"{gateway}/jippity-chat/chat", data=text, headers={"Content-Type": "text/plain"}, timeout=30
    )
    assert answer.status_code == 200, answer.text


def answered(lines: list[str]) -> list[str]:
    """To what each line is the answer."""
    return [line.removeprefix("In response to '").partition("': Here's a dad joke - ")[0] for line in lines]


def test_each_answer_appears_once_whichever_gateway_is_spoken_to(deployment, tmp_path):
    first, second = deployment.gateways
    with Curl(f"{first.url}/jippity-discuss/sse", tmp_path / "heard") as curl:
        for number, text in enumerate(SAID):
            say((first, second)[number % 2].url, text)
        wait_until(lambda: set(answered(curl.lines)) >= set(SAID), "every answer")
        # Whatever came a second time would have come before this.
        say(second.url, "Enough.")
        wait_until(lambda: "Enough." in answered(curl.lines), "the last answer")
        assert answered(curl.lines) == [*SAID, "Enough."]


@pytest.mark.parametrize("way", [(), ("--websocket",)], ids=["sse", "websocket"])
def test_the_chat_in_python_hears_the_answer(deployment, way):
    text = f"By Python {way}."
    url = deployment.gateways[1].url
    command = [sys.executable, str(TUTORIAL / "chat.py"), *way, "--gateway", url, text.replace("'", "")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Here's a dad joke" in done.stdout


@pytest.fixture
def chat(deployment: Deployment, chromium: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page of the tutorial in a browser, served by `python -m http.server`, which its definition allows."""
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread
    port = ports.free()
    server = deployment.processes.start(
        "pages", [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(TUTORIAL)]
    )
    process.wait_until(server, lambda: ports.answers(port))
    text = (
        (TUTORIAL / "browser.json").read_text().replace("http://localhost:8000", f"http://localhost:{port}")
    )
    definition = deployment.define(json.loads(text))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=list(ARGUMENTS))

        def opened(gateway: str) -> Page:
            page = browser.new_page()
            page.goto(f"http://localhost:{port}/chat.html?api={gateway}/jippity")
            page.get_by_text("connected", exact=True).wait_for()
            return page

        yield opened
        browser.close()
    deployment.api.call("DELETE", f"definitions/{definition}")


@pytest.mark.browser
def test_two_people_chat_in_their_browsers_through_two_gateways(deployment, chat):
    pages = [chat(gateway.url) for gateway in deployment.gateways]
    pages[0].get_by_label("Say something").fill("Hello from <b>one</b>")
    pages[0].get_by_role("button", name="Send").click()
    for page in pages:
        answer = page.get_by_role("listitem").filter(has_text="In response to 'Hello from <b>one</b>'")
        answer.wait_for()
        assert answer.count() == 1
