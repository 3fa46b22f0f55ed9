"""How to consume a product: code to copy, by language and by the way events travel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Template
from typing import Final

from django.utils.text import slugify

from gateway.routes import Purpose
from portal.offered_streams import OfferedStream

LANGUAGES: Final = ("curl", "Python", "JavaScript")
VARIABLES: Final = ("SLUICE_KEY", "SLUICE_APP", "SLUICE_MANAGEMENT_KEY", "WEBHOOK_SECRET")
"""What code takes from its environment; a page that shows code says what they are."""

_VERIFY: Final = {
    "curl": """\
# The answer holds the endpoint's signing secret, once
curl -X POST $portal/api/endpoints \\
  -H "Authorization: Bearer $$SLUICE_MANAGEMENT_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"app": $app, "url": "https://your-receiver.example/hook"}'
""",
    "Python": """\
import base64, hmac, os, time

SECRET = os.environ["WEBHOOK_SECRET"]
KEY = base64.b64decode(SECRET[6:]) if SECRET.startswith("whsec_") else SECRET.encode()

def verified(headers, body: bytes) -> bool:
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdecimal() or abs(time.time() - int(sent)) > 300:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256"))
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(expected, each) for each in given)
""",
    "JavaScript": """\
import { createHmac, timingSafeEqual } from "node:crypto";

const secret = process.env.WEBHOOK_SECRET;
const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);

export function verified(headers, body) {
  const sent = headers["webhook-timestamp"] ?? "";
  if (!/^\\d+$$/.test(sent) || Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const signed = createHmac("sha256", key).update(`$${headers["webhook-id"]}.$${sent}.`).update(body);
  const expected = Buffer.from(`v1,$${signed.digest("base64")}`);
  const given = (headers["webhook-signature"] ?? "").split(" ").map((each) => Buffer.from(each));
  return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
}
""",
}
_STREAM: Final = {
    "curl": """curl -N -H "Accept: text/event-stream"$curl_key \\
  $url\n""",
    "Python": """\
import os, requests

headers = {"Accept": "text/event-stream"$python_key}
with requests.get("$url", headers=headers, stream=True) as events:
    for line in events.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data: "):
            print(line[6:])
""",
    "JavaScript": """\
const headers = { Accept: "text/event-stream"$javascript_key };
const response = await fetch("$url", { headers });
for await (const text of response.body.pipeThrough(new TextDecoderStream())) console.log(text);
""",
}
_WEBSOCKET: Final = {
    "curl": """npx wscat$curl_key -c $websocket_url\n""",
    "Python": """\
import os
from websockets.sync.client import connect

with connect("$websocket_url", additional_headers={$python_only_key}) as frames:
    for frame in frames:
        print(frame)
""",
    "JavaScript": """\
// A browser sends no headers with a WebSocket: ask your own server for a one-use ticket.
const socket = new WebSocket(`$websocket_url?ticket=$${ticket}`);
socket.addEventListener("message", async ({ data }) => console.log(await data.text?.() ?? data));
""",
}
_POLL: Final = {
    "curl": """curl -i$curl_key $url\n""",
    "Python": """\
import os, requests

answer = requests.get("$url", headers={$python_only_key}, timeout=30)
if answer.status_code == 200:
    print(answer.content)
""",
    "JavaScript": """\
const answer = await fetch("$url", { headers: {$javascript_only_key} });
if (answer.status === 200) console.log(await answer.text());
""",
}
_SEND: Final = {
    "curl": """curl -X POST$curl_key -d '{"hello": "world"}' $url\n""",
    "Python": """\
import os, requests

requests.post("$url", json={"hello": "world"}, headers={$python_only_key}, timeout=30).raise_for_status()
""",
    "JavaScript": """\
const body = JSON.stringify({ hello: "world" });
await fetch("$url", { method: "POST", body, headers: {$javascript_only_key} });
""",
}
_COMMENTS: Final = {"curl": "#", "Python": "#", "JavaScript": "//"}
_KEYS: Final = {
    "curl_key": ' -H "{header}: $SLUICE_KEY"',
    "python_key": ', "{header}": os.environ["SLUICE_KEY"]',
    "python_only_key": '"{header}": os.environ["SLUICE_KEY"]',
    "javascript_key": ', "{header}": process.env.SLUICE_KEY',
    "javascript_only_key": ' "{header}": process.env.SLUICE_KEY ',
}
_WAYS: Final = {
    Purpose.STREAM: ("SSE", "Events as they come, over one response that stays open.", _STREAM),
    Purpose.WEBSOCKET: ("WebSocket", "One frame an event.", _WEBSOCKET),
    Purpose.POLL: ("GET", "The next event by request; 408 when none comes in time.", _POLL),
    Purpose.INGEST: ("POST", "You send: it is answered once the broker has your event.", _SEND),
}


@dataclass(frozen=True, slots=True)
class SnippetApp:
    """Whose code it is."""

    id: int
    key_prefix: str = ""
    """How its newest valid API key begins; empty: it has none."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to consume, with its code in one language."""

    name: str
    explanation: str
    address: str
    """Empty: it comes to you."""
    is_open: bool
    language: str
    code: str

    @property
    def title(self) -> str:
        """What the code is, beside other code of the page."""
        return f"{self.name} in {self.language}"

    @property
    def anchor(self) -> str:
        """An id within the page: a way and its address come once."""
        return slugify(f"{self.name} {self.address}")


def variables(shown: Sequence[Way]) -> list[str]:
    """Return those of VARIABLES that some code takes."""
    return [name for name in VARIABLES if any(name in way.code for way in shown)]


def ways(
    streams: Sequence[OfferedStream],
    language: str,
    portal_url: str,
    *,
    webhooks: bool,
    app: SnippetApp | None = None,
) -> Iterator[Way]:
    """The ways to consume a product, in one of LANGUAGES, filled with an app.

    webhooks: whether the product sends them; app: None where it is not known who reads.
    """
    if webhooks:
        # Without an app, the shell fills it in from a variable: the JSON is closed and opened again around it.
        app_id = "'\"$SLUICE_APP\"'" if app is None else str(app.id)
        code = Template(_VERIFY[language]).substitute(portal=portal_url, app=app_id)
        explanation = "Signed requests to a URL of yours, tried again until they arrive."
        yield Way("Webhook", explanation, "", is_open=False, language=language, code=code)
    for purpose in _WAYS:
        yield from (_way(stream, language, app) for stream in streams if stream.purpose is purpose)


def _way(stream: OfferedStream, language: str, app: SnippetApp | None) -> Way:
    name, explanation, texts = _WAYS[stream.purpose]
    header = stream.key_header
    keys = {name: "" if stream.is_open else text.format(header=header) for name, text in _KEYS.items()}
    code = Template(texts[language]).substitute(keys, url=stream.url, websocket_url=stream.websocket_url)
    if "SLUICE_KEY" in code and app is not None and app.key_prefix:
        code = f"{_COMMENTS[language]} SLUICE_KEY: your key that begins {app.key_prefix}\n{code}"
    address = stream.websocket_url if stream.purpose is Purpose.WEBSOCKET else stream.url
    return Way(name, explanation, address, stream.is_open, language, code)
