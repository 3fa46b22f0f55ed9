"""Inputs and outputs that a configuration describes, connected to real servers on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from streams.connections import Connections, ConnectionSettings
from streams.errors import BatchError
from streams.message import Message
from streams.outbound import Guard
from streams.pipeline import Pipeline
from streams.processed import build_output
from streams.spec import BuildContext, Kind, Output
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.streams.making import IDENTITY, ListOutput, MemoryQuarantine, stream, with_ends

DEADLINE = 60
LOCAL = ("127.0.0.0/8",)


async def until(true: Callable[[], Any]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.02)


def connections(*known: ConnectionSettings) -> dict[type, object]:
    """Connections of an operator; with none, addresses of anybody's own."""
    return {Connections: Connections(known, raw_addresses=not known)}


@asynccontextmanager
async def services(
    given: dict[type, object] | None = None, allow: Sequence[str] = LOCAL
) -> AsyncIterator[dict[type, object]]:
    """What components may ask for. allow: what the guard lets past."""
    guard = Guard(allow)
    try:
        yield {Guard: guard, **connections(), **(given or {})}
    finally:
        guard.close()


@asynccontextmanager
async def reading(
    text: str, output: Any = None, given: dict[type, object] | None = None, more: str = ""
) -> AsyncIterator[tuple[Pipeline, Any]]:
    """A pipeline that reads an input in YAML into an output, which keeps what it takes unless another is given.

    more: what else the stream says.
    """
    kept = ListOutput() if output is None else output
    checked = stream(f"input: {text}\noutput: {{kept0: {{}}}}\n{more}\n", with_ends(None, kept))
    async with services(given) as offered:
        pipeline = Pipeline(checked, IDENTITY, offered, MemoryQuarantine())
        running = asyncio.create_task(pipeline.run())
        try:
            await until(lambda: pipeline.connected or running.done())
            yield pipeline, kept
        finally:
            pipeline.stop()
            await running


@asynccontextmanager
async def output_of(text: str, given: dict[type, object] | None = None) -> AsyncIterator[Output]:
    """An output in YAML, connected."""
    checked = stream(f"input: {{generate: {{mapping: root = 1}}}}\noutput: {text}\n")
    async with services(given) as offered:
        own = {Statistics: Statistics(), StopSignal: StopSignal()}
        writing = build_output(checked.output, BuildContext(IDENTITY, {**offered, **own}))
        await writing.connect()
        try:
            yield writing
        finally:
            await writing.close()


async def errors_of(output: Output, messages: list[Message]) -> dict[int, str]:
    """Write messages. Returns what went wrong, by place."""
    try:
        await output.write(messages)
    except BatchError as error:
        return {at: str(reason) for at, reason in error.errors.items()}
    return {}


async def write_at_last(output: Output, messages: list[Message]) -> None:
    """Write messages until the output has them."""
    async with asyncio.timeout(DEADLINE):
        while True:
            with suppress(Exception):
                return await output.write(messages)
            await asyncio.sleep(0.1)


def contents(output: ListOutput) -> list[bytes]:
    """The payloads an output took."""
    return [one.content for one in output.taken]


def numbered(count: int, first: int = 0) -> list[bytes]:
    """Payloads that tell which they are."""
    return [b"%04d" % number for number in range(first, first + count)]


def resource(kind: Kind, text: str, offered: dict[type, object]) -> Any:
    """A cache or rate limit in YAML."""
    keys = {Kind.CACHE: "cache_resources", Kind.RATE_LIMIT: "rate_limit_resources"}
    using = {
        Kind.CACHE: "cache: {resource: one, operator: get, key: a}",
        Kind.RATE_LIMIT: "rate_limit: {resource: one}",
    }
    checked = stream(
        "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
        f"{keys[kind]}:\n  - {{label: one, {text}}}\npipeline: {{processors: [{{{using[kind]}}}]}}\n"
    )
    component = checked.processors[0].config["resource"]
    return BuildContext(IDENTITY, offered).resource(component)
