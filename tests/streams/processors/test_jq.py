"""`jq`, each query in its own process."""

import os

import pytest

from streams.jq import process as jq_process
from streams.message import Message
from streams.stopping import StopSignal
from tests.streams.making import findings
from tests.streams.processors.processing import Processing, errors, texts, values


@pytest.fixture
async def run():
    stopping = StopSignal()
    made = []

    async def processed(body, *contents):
        made.append(Processing(f"- jq: {body}", services={StopSignal: stopping}))
        return await made[-1].run(*contents)

    yield processed
    stopping.set()
    for processing in made:
        for stage in processing.stages:
            await stage._processor._ending


async def test_results_become_the_document(run):
    document = {"locations": [{"name": "Seattle", "state": "WA"}, {"name": "New York", "state": "NY"}]}
    made = await run(
        "{query: '.locations | map(select(.state == \"WA\").name)'}", document, {"locations": []}
    )
    assert values(made) == [[["Seattle"], []]]


async def test_several_results_become_an_array_and_none_drops_the_message(run):
    assert values(await run("{query: '.[]'}", [1, 2], [3], [])) == [[[1, 2], 3]]


async def test_metadata_and_comments_are_understood(run):
    message = Message(b'{"a":1}', metadata={"kafka_key": "k"})
    assert values(await run("{query: '[.a, $metadata.kafka_key] # the last'}", message)) == [[[1, "k"]]]


async def test_raw_text_goes_in_and_out(run):
    made = await run("{query: 'split(\",\")[]', raw: true, output_raw: true}", b"a,b")
    assert texts(made) == [["a\nb"]]


async def test_a_query_that_fails_flags_its_message_only(run):
    made = await run("{query: '.a + 1'}", {"a": "x"}, {"a": 1}, b"no json")
    assert errors(made)[0].startswith('failed to query message: string ("x") and number (1)')
    assert errors(made)[1] is None
    assert errors(made)[2].startswith("failed to parse message as JSON: ")
    assert values([made[0][1:2]]) == [[2]]


async def test_a_query_without_end_is_stopped_and_the_next_message_is_served(run, monkeypatch):
    monkeypatch.setattr(jq_process.QueryProcess.__init__, "__defaults__", (0.2,))
    made = await run("{query: 'if . == 0 then last(repeat(.)) else . end'}", 1, 0, 2)
    assert errors(made) == [
        None,
        "failed to query message: the query takes longer than 0.2 s for this message",
        None,
    ]


async def test_a_query_that_takes_all_memory_loses_its_own_process_only(run):
    made = await run("{query: 'if .n then (\"x\" * .n) else . end'}", {"n": 2_000_000_000}, {})
    assert errors(made) == ["failed to query message: the query takes too much memory for this message", None]


async def test_a_query_finds_no_environment(run, monkeypatch):
    monkeypatch.setitem(os.environ, "SLUICE_SECRET_KEY", "secret")
    made = await run("{query: '[env.SLUICE_SECRET_KEY, $ENV.SLUICE_SECRET_KEY]'}", 1)
    assert values(made) == [[[None, None]]]


@pytest.mark.parametrize(
    "query", [".[", 'import "a" as $a; .', 'include "a"; .', "nope", "x" * 20_000, '"x" * 2000000000']
)
def test_a_query_that_cannot_be_used_is_refused(query):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    [found] = findings(f"{ends}pipeline:\n  processors:\n    - jq: {{query: '{query}'}}")
    assert (found.code, found.line) == ("bad_query", 5)
