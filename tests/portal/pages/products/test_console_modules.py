"""The console's modules, in a browser: events that come in pieces, and every end said in words."""

import pytest

from tests.portal.pages.browsing import open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TEXT = (
    "retry: 1000\n\nid: a\ndata: one\n\n: heartbeat\n\nid: b\r\ndata: two\r\ndata: three\r\n\r\n"
    'id: c\n\nevent: gap\ndata: {"reason": "deleted"}\n\nevent: close\ndata:{"reason": "slow_client"}\n\n'
)
SPLIT_EVERYWHERE = """async (text) => {
  const { EventReader } = await import("/static/js/console-events.js");
  const found = new Set();
  for (let place = 0; place <= text.length; place += 1) {
    const events = [];
    const reader = new EventReader((event) => events.push([event.id, event.name, event.data]));
    reader.push(text.slice(0, place));
    reader.push(text.slice(place));
    found.add(JSON.stringify(events));
  }
  return [...found].map(JSON.parse);
}"""
HEARD = """async ([body, status, headers]) => {
  const { openStream } = await import("/static/js/console-stream.js");
  window.fetch = async () => {
    if (status === 0) throw new TypeError("no");
    return new Response(body, { status, headers });
  };
  const heard = [];
  return new Promise((resolve) => openStream("stream", "https://gateway.example/sse?ticket=x", {
    opened: () => heard.push(["opened"]),
    examples: () => heard.push(["examples"]),
    frame: (text, cursor) => heard.push(["frame", text, cursor]),
    cursor: () => {},
    gap: (reason) => heard.push(["gap", reason]),
    ended: ({ title, text }) => resolve([...heard, ["ended", title, text]]),
  }));
}"""
PROBLEM = '{"detail": "The plan\'s limit is met."}'


@pytest.fixture
def page(browser, live_server):
    opened = open_page(browser, "desktop", bypass_csp=True)
    opened.goto(live_server.url)
    return opened


def test_events_are_read_wherever_they_were_cut(page):
    [events] = page.evaluate(SPLIT_EVERYWHERE, TEXT)
    assert events == [
        ["", "message", None],
        ["a", "message", "one"],
        ["a", "message", None],
        ["b", "message", "two\nthree"],
        ["c", "message", None],
        ["c", "gap", '{"reason": "deleted"}'],
        ["c", "close", '{"reason": "slow_client"}'],
    ]


def test_a_stream_says_what_came_what_is_missing_and_why_it_ended(page):
    heard = page.evaluate(HEARD, [f"event: sandbox\ndata: {{}}\n\n{TEXT}", 200, {}])
    assert heard[:-1] == [
        ["opened"],
        ["examples"],
        ["frame", "one", "a"],
        ["frame", "two\nthree", "b"],
        ["gap", "deleted"],
    ]
    assert heard[-1][2].startswith("This page read too slowly")
    assert page.evaluate(HEARD, ["data: x\n\n", 200, {}])[-1][1] == "The connection broke"


def test_a_refusal_is_said_in_words_with_when_to_come_back(page):
    said = page.evaluate(HEARD, [PROBLEM, 429, {"Retry-After": "7"}])
    assert said == [
        ["ended", "A limit of the plan is met (429)", "The plan's limit is met. Try again in 7 s."]
    ]
    assert page.evaluate(HEARD, ["<html>", 502, {}])[0][1] == "The gateway refused (502)"
    [[_, title, text]] = page.evaluate(HEARD, ["", 0, {}])
    assert title == "The gateway did not answer"
    assert "https://gateway.example cannot be reached" in text
