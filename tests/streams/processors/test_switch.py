"""`switch`: which case a message goes to, and how the batch comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.spec import Severity
from tests.streams.making import findings
from tests.streams.processors.processing import Processing, errors, processed, values

SMALL_AND_REST = """\
- switch:
    - check: this < 10
      processors:
        - mapping: root = this + 100
    - processors:
        - mapping: root = this + 1000
"""


async def test_the_first_case_that_a_message_passes_processes_it():
    assert values(await processed(SMALL_AND_REST, 1, 20, 2)) == [[101, 1020, 102]]


async def test_messages_of_no_case_are_passed_on():
    text = "- switch:\n    - {check: this == 1, processors: [{mapping: root = 0}]}"
    assert values(await processed(text, 1, 2)) == [[0, 2]]


async def test_each_case_gets_its_messages_as_one_batch():
    text = "- switch:\n    - {check: this < 10, processors: [{mapping: root = batch_size()}]}"
    assert values(await processed(text, 1, 20, 2)) == [[2, 20, 2]]


async def test_a_case_that_falls_through_is_followed_by_the_next_without_asking():
    text = """\
- switch:
    - {check: this == 1, fallthrough: true, processors: [{mapping: root = this + 10}]}
    - {check: this == 2, processors: [{mapping: root = this + 100}]}
    - {processors: [{mapping: root = -1}]}
"""
    assert values(await processed(text, 1, 2, 3)) == [[111, 102, -1]]


async def test_a_query_that_fails_flags_its_message_which_no_case_sees():
    made = await processed(SMALL_AND_REST, "x", 1)
    assert values(made) == [["x", 101]]
    assert errors(made)[0].startswith("failed assignment (line 1): cannot compare types")


async def test_what_a_case_splits_stays_in_its_place():
    text = "- switch:\n    - {check: this.type() == 'array', processors: [{unarchive: {format: json_array}}]}"
    text = text.replace("'array'", '"array"')
    assert values(await processed(text, 1, [2, 3], 4)) == [[1, 2, 3, 4]]


async def test_ordinals_are_those_the_messages_came_with():
    given_messages = [one for [batch] in [await processed("- noop: {}", 1, 20)] for one in batch]
    given_messages[1].ordinal = 7
    [made] = await Processing(SMALL_AND_REST).run(*given_messages)
    assert [one.ordinal for one in made] == [0, 7]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12))
async def test_the_order_of_a_batch_is_kept(numbers):
    expected = [number + (100 if number < 10 else 1000) for number in numbers]
    assert values(await processed(SMALL_AND_REST, *numbers)) == [expected]


@pytest.mark.parametrize("wrapped", [True, False])
def test_cases_under_a_key_are_understood_with_a_warning(wrapped):
    cases = "[{check: this == 1, processors: [{noop: {}}]}]"
    body = f"{{cases: {cases}}}" if wrapped else cases
    found = findings(
        f"input: {{generate: {{mapping: root = 1}}}}\n"
        f"pipeline: {{processors: [{{switch: {body}}}]}}\noutput: {{drop: {{}}}}"
    )
    warned = [("wrapped_list", Severity.WARNING, "/pipeline/processors/0/switch/cases")] if wrapped else []
    assert [(one.code, one.severity, one.pointer) for one in found] == warned
