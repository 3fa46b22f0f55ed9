"""The supervisor runs what it was told last: what is unchanged goes on, what fails is tried again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from streams import runner, supervisor
from streams.builtin import core_registry
from streams.connections import Connections
from streams.errors import ConnectError
from streams.instance import InstanceReport, InstanceState
from streams.message import Message
from streams.openapi import check_document
from streams.spec import BuildContext, ComponentSpec, Kind, Rules, StreamIdentity
from streams.supervisor import ActiveStream, Supervisor

DEADLINE = 30


class Collected:
    """An output that keeps what it is given; it can refuse to connect."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refusing = False
        self.built = 0
        self.closed = 0

    async def connect(self) -> None:
        if self.refusing:
            raise ConnectError("the other end is away")

    async def write(self, messages: list[Message]) -> None:
        self.messages += messages

    async def close(self) -> None:
        self.closed += 1


class MemoryLeases:
    """Leases that the test hands out."""

    def __init__(self) -> None:
        self.grants = True
        self.released: list[str] = []

    async def acquire(self, key: str, seconds: float) -> int | None:
        return 1 if self.grants else None

    async def release(self, key: str) -> None:
        self.released.append(key)


class MemoryInstances:
    """Remembers the last report."""

    def __init__(self) -> None:
        self.last: list[InstanceReport] = []

    async def report(self, instances) -> None:
        self.last = list(instances)


class MemoryQuarantine:
    """Holds messages; gives back those that are to be retried."""

    def __init__(self) -> None:
        self.held: list = []
        self.retrying: list[Message] = []

    async def hold(self, messages) -> None:
        self.held += messages

    async def release(self, stream, handle) -> None:
        if self.retrying:
            await handle(self.retrying)
            self.retrying = []


@pytest.fixture(autouse=True)
def quickly(monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "REPORT_SECONDS", 0.02)
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(runner, "LET_GO_SECONDS", 0.1)


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest.fixture
def registry(collected):
    def build(config, context: BuildContext) -> Collected:
        collected.built += 1
        return collected

    return core_registry().with_component(
        ComponentSpec(kind=Kind.OUTPUT, name="collect", summary="Keeps messages.", build=build)
    )


@pytest.fixture
def parts():
    return MemoryLeases(), MemoryInstances(), MemoryQuarantine()


@asynccontextmanager
async def running(parts) -> AsyncIterator[Supervisor]:
    made = Supervisor({}, *parts)
    try:
        yield made
    finally:
        await made.stop()


def active(registry, mapping: str = 'root = {"n": 1}', *, name: str = "s", revision: int = 1, processors=()):
    stream = {
        "input": {"generate": {"interval": "10ms", "mapping": mapping}},
        "pipeline": {"processors": list(processors)},
        "output": {"collect": {}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "x-tyk-api-gateway": {"server": {"listenPath": {"value": "/t/"}}},
        "x-tyk-streaming": {"streams": {name: stream}},
    }
    checked = check_document(json.dumps(document), registry, Rules())
    assert checked.document is not None, checked.findings
    identity = StreamIdentity(1, 1, "t", name, "sluice", revision)
    return ActiveStream(identity, checked.document.streams[name], Connections())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


async def test_an_active_stream_runs_and_is_reported(registry, collected, parts):
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: collected.messages)
        await until(lambda: parts[1].last and parts[1].last[0].state is InstanceState.RUNNING)
        await until(lambda: parts[1].last[0].sent > 0)
    assert parts[1].last == []
    assert parts[0].released == ["stream/1/s"]


async def test_a_new_revision_of_the_same_stream_disturbs_nothing(registry, collected, parts):
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: collected.messages)
        made.apply([active(registry, revision=2)])
        await until(lambda: parts[1].last and parts[1].last[0].revision == 2)
        assert collected.built == 1


async def test_a_changed_stream_is_replaced(registry, collected, parts):
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: collected.messages)
        made.apply([active(registry, 'root = {"n": 2}', revision=2)])
        await until(lambda: any(message.value == {"n": 2} for message in collected.messages))
        await until(lambda: collected.closed == 1)
        ends = [message.value["n"] for message in collected.messages]
        assert ends == sorted(ends)
        assert parts[0].released == ["stream/1/s"]
        assert collected.built == 2


async def test_a_stream_that_is_no_more_active_stops(registry, collected, parts):
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: collected.messages)
        made.apply([])
        await until(lambda: collected.closed == 1)
        seen = len(collected.messages)
        await asyncio.sleep(0.1)
        assert len(collected.messages) == seen


async def test_a_stream_that_cannot_connect_is_unhealthy_with_the_reason_and_runs_when_it_can(
    registry, collected, parts
):
    collected.refusing = True
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: parts[1].last and parts[1].last[0].state is InstanceState.UNHEALTHY)
        assert "the other end is away" in parts[1].last[0].last_error
        collected.refusing = False
        await until(lambda: collected.messages)


async def test_without_the_lease_a_single_stream_waits(registry, collected, parts):
    parts[0].grants = False
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: parts[1].last and parts[1].last[0].state is InstanceState.WAITING)
        assert collected.built == 0
        parts[0].grants = True
        await until(lambda: collected.messages)


async def test_a_lost_lease_ends_the_work_until_it_is_back(registry, collected, parts):
    async with running(parts) as made:
        made.apply([active(registry)])
        await until(lambda: collected.messages)
        parts[0].grants = False
        await until(lambda: collected.closed == 1)
        await until(lambda: parts[1].last[0].state is InstanceState.WAITING)
        seen = len(collected.messages)
        await asyncio.sleep(0.1)
        assert len(collected.messages) == seen
        parts[0].grants = True
        await until(lambda: len(collected.messages) > seen)


async def test_a_single_stream_that_has_ended_by_itself_is_nobody_elses(registry, collected, parts):
    ending = active(registry)
    config = {**ending.stream.input.config, "count": 2, "interval": ""}
    ending = replace(ending, stream=replace(ending.stream, input=replace(ending.stream.input, config=config)))
    async with running(parts) as made:
        made.apply([ending])
        await until(lambda: len(collected.messages) == 2 and collected.closed)
        for _ in range(5):
            await asyncio.sleep(runner.RENEW_SECONDS)
        assert parts[0].released == []
        assert collected.built == 1
    assert parts[0].released == ["stream/1/s"]


async def test_what_fails_is_held_and_goes_through_when_it_is_retried(registry, collected, parts):
    failing = {"mapping": 'root = if this.n == 1 { throw("no ones") } else { this }'}
    async with running(parts) as made:
        made.apply([active(registry, processors=[failing])])
        await until(lambda: parts[2].held)
        assert "no ones" in parts[2].held[0].error
        assert collected.messages == []
        parts[2].retrying = [Message(b'{"n":7}')]
        made.apply([active(registry, processors=[failing], revision=2)])
        await until(lambda: [message.value for message in collected.messages] == [{"n": 7}])


def test_streams_tell_a_changed_dialect_apart(registry):
    one = active(registry)
    assert one.runs_as(replace(one, identity=replace(one.identity, revision=9)))
    assert not one.runs_as(replace(one, identity=replace(one.identity, dialect="tyk")))
