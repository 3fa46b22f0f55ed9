"""`while` and `retry`: how often their processors run."""

import pytest

from streams.processors.retry import Backoff
from tests.streams.making import findings
from tests.streams.processors.processing import errors, failed, processed, values


def loop(body):
    return f"- while: {{{body}, processors: [{{mapping: root = this + 1}}]}}"


@pytest.mark.parametrize(
    ("body", "given_number", "expected"),
    [
        ("check: this < 5", 0, 5),
        ("check: this < 5", 7, 7),
        ("check: this < 5, at_least_once: true", 7, 8),
        ("check: this < 5, max_loops: 2", 0, 2),
        ("max_loops: 3", 0, 3),
    ],
)
async def test_while_runs_as_often_as_it_should(body, given_number, expected):
    assert values(await processed(loop(body), given_number)) == [[expected]]


async def test_a_condition_that_fails_ends_the_loop_and_flags_the_first_message():
    made = await processed(loop("check: this < 5"), "x", 1)
    assert values(made) == [["x", 1]]
    assert errors(made)[1] is None
    assert "cannot compare types" in errors(made)[0]


async def test_a_loop_ends_when_no_message_is_left():
    text = "- while: {check: 'true', processors: [{mapping: root = deleted()}]}"
    assert await processed(text, 1) == []


def test_a_loop_without_an_end_is_refused():
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    found = findings(f"{ends}pipeline: {{processors: [{{while: {{processors: [{{noop: {{}}}}]}}}}]}}")
    assert [one.code for one in found] == ["endless_loop"]


FLAKY = """\
- retry:
    backoff: {initial_interval: 1ms, max_interval: 2ms}
    max_retries: %d
    parallel: %s
    processors:
      - mapping: 'root = if counter("%s") < 3 { throw("not yet") } else { this + 1 }'
"""


@pytest.mark.parametrize("parallel", ["true", "false"])
async def test_retry_runs_until_nothing_fails(parallel):
    [[made]] = await processed(FLAKY.replace('"%s"', "").replace("%s", parallel) % 5, failed(1))
    assert (made.value, made.error, made.metadata["retry_count"]) == (2, None, 2)


async def test_retry_gives_up_with_the_last_failure():
    [[made]] = await processed(FLAKY.replace('counter("%s") < 3', "true").replace("%s", "false") % 2, 1)
    assert made.error.text == "failed assignment (line 1): not yet"
    assert (made.content, made.metadata["retry_count"]) == (b"1", 2)


async def test_retry_gives_up_when_its_time_is_over():
    text = FLAKY.replace('counter("%s") < 3', "true").replace("%s", "false") % 0
    text = text.replace("max_interval: 2ms", "max_interval: 2ms, max_elapsed_time: 10ms")
    assert errors(await processed(text, 1)) == ["failed assignment (line 1): not yet"]


def test_waits_grow_up_to_the_longest():
    backoff = Backoff(0.5, 2.0, 60.0)
    assert [backoff.wait(tries) for tries in (1, 2, 3, 4, 5, 5000)] == [0.5, 0.75, 1.125, 1.6875, 2.0, 2.0]
