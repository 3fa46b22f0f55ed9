"""A mapping of twenty lines on real events: what Sluice needs for each, beside a Python function written by hand.

Both take bytes and give bytes: parsing and serialising are in it, and once more apart. Where BENTO names the binary of
Bento, it maps the same events from a file and drops them: it never serialises, so it is to be held against
`parse, map` and not against `parse, map, serialise`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import psutil

from streams import bloblang
from streams.message import Message
from tests.bench.by_hand import mapped_by_hand
from tests.load import events

MAPPING = """\
let repository = this.repository.full_name | "none"
root.type = @kind + "." + (this.action | "none")
root.repository.name = $repository
root.repository.owner = this.repository.owner.login | "none"
root.repository.private = this.repository.private | false
root.repository.stars = this.repository.stargazers_count | 0
root.sender.login = (this.sender.login | "nobody").lowercase()
root.sender.is_bot = this.sender.type == "Bot"
root.organization = this.organization.login | "none"
root.title = (this.issue.title | this.pull_request.title | "").trim()
root.number = this.issue.number | this.pull_request.number | 0
root.labels = (this.issue.labels | this.pull_request.labels | []).map_each(label -> label.name).sort()
root.state = match this.action | "none" {
  this == "opened" || this == "created" => "new"
  this.has_prefix("clos") => "done"
  _ => "changed"
}
root.commits = (this.commits | []).map_each(one -> {"id": one.id.slice(0, 7), "author": one.author.name})
root.files = (this.commits | []).map_each(one -> one.added.length() + one.modified.length()).sum()
root.size = if (this.commits | []).length() > 10 { "large" } else { "small" }
root.topic = "github.%v".format($repository.replace_all("/", "."))
meta key = $repository
"""
MESSAGES = 20_000
Payloads = Sequence[tuple[str, bytes]]
"""Of each event its kind, which a header would carry, and its body."""
Figures = dict[str, Any]


def github_payloads(shared: Path) -> Payloads:
    """The 329 real ones."""
    found = (next(events.events([template], 1)) for template in events.github_templates(shared))
    return [(one.event_type.partition(".")[0], one.body) for one in found]


def small_payloads(count: int = 100) -> Payloads:
    """Events of 1 kB with the parts that the mapping looks for."""
    return [("issues", _small(number)) for number in range(count)]


def _small(number: int) -> bytes:
    labels = [{"name": name, "color": "ededed"} for name in ("bug", "needs triage", "good first issue")]
    body = {
        "action": "opened" if number % 2 else "closed",
        "issue": {"number": number, "title": f"Number {number} ", "labels": labels, "body": "x" * 300},
        "repository": {
            "full_name": "octo-org/octo-repo",
            "private": True,
            "stargazers_count": number,
            "owner": {"login": "octo-org", "id": 5},
        },
        "sender": {"login": "Octocat", "type": "User"},
        "organization": {"login": "octo-org"},
        "note": "y" * 280,
    }
    return orjson.dumps(body)


def results(shared: Path, *, runs: int) -> Iterator[Figures]:
    """Microseconds of processor time a message, of each way and payload."""
    for name, payloads in {"github": github_payloads(shared), "1kB": small_payloads()}.items():
        for run in range(runs):
            for design, ways in _ways().items():
                figures = {way: round(_measured(work, payloads), 1) for way, work in ways.items()}
                yield {"benchmark": "mapping", "payload": name, "design": design, "run": run, **figures}
            if bento := os.environ.get("BENTO"):
                figures = {"parse, map us": round(_measured_bento(bento, payloads), 1)}
                yield {"benchmark": "mapping", "payload": name, "design": "bento", "run": run, **figures}


def _ways() -> dict[str, dict[str, Callable[[str, bytes], object]]]:
    mapping = bloblang.compile(MAPPING)

    def mapped(kind: str, body: bytes) -> Message:
        made = mapping.apply([Message(body, metadata={"kind": kind})])
        assert isinstance(made, Message)
        return made

    return {
        "sluice": {
            "parse us": lambda _kind, body: Message(body).value,
            "parse, map us": mapped,
            "parse, map, serialise us": lambda kind, body: mapped(kind, body).content,
        },
        "by hand": {
            "parse us": lambda _kind, body: orjson.loads(body),
            "parse, map us": lambda kind, body: mapped_by_hand(kind, orjson.loads(body)),
            "parse, map, serialise us": lambda kind, body: orjson.dumps(
                mapped_by_hand(kind, orjson.loads(body))
            ),
        },
    }


def _measured(work: Callable[[str, bytes], object], payloads: Payloads) -> float:
    rounds = max(1, MESSAGES // len(payloads))
    for kind, body in payloads:
        work(kind, body)
    began = time.process_time()
    for _ in range(rounds):
        for kind, body in payloads:
            work(kind, body)
    return (time.process_time() - began) / (rounds * len(payloads)) * 1e6


def _measured_bento(binary: str, payloads: Payloads) -> float:
    """Of a run over a file, less what an empty one takes."""
    rounds = max(1, MESSAGES // len(payloads))
    lines = b"".join(body + b"\n" for _, body in payloads)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        whole = _bento_seconds(binary, directory, lines * rounds)
        return (whole - _bento_seconds(binary, directory, b"")) / (rounds * len(payloads)) * 1e6


def _bento_seconds(binary: str, directory: Path, lines: bytes) -> float:
    (directory / "events").write_bytes(lines)
    config = {
        "input": {"file": {"paths": [str(directory / "events")], "scanner": {"lines": {}}}},
        "pipeline": {"threads": 1, "processors": [{"mapping": MAPPING.replace("@kind", '"kind"')}]},
        "output": {"drop": {}},
        "http": {"enabled": False},
    }
    (directory / "config.yaml").write_bytes(orjson.dumps(config))
    environment = {**os.environ, "GOMAXPROCS": "1"}
    running = psutil.Popen(
        [binary, "-c", str(directory / "config.yaml")], env=environment, stdout=subprocess.DEVNULL
    )
    used = 0.0
    while running.poll() is None:
        try:
            times = running.cpu_times()
        except psutil.Error:
            break
        used = times.user + times.system
        time.sleep(0.01)
    if running.wait():
        sys.exit(f"{binary} ended with {running.returncode}")
    return used
