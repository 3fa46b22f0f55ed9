"""`branch`: copies, what becomes of them, and what is taken over."""

import pytest

from streams.message import Message
from tests.streams.processors.processing import errors, failed, processed, values

LOOK_UP = """\
- branch:
    request_map: |
      root.id = this.user
      meta asked = "yes"
    processors:
      - mapping: |
          root.name = this.id.uppercase()
          root.asked = @asked
    result_map: |
      root.name = this.name
      root.asked = this.asked
"""


async def test_the_result_is_mapped_into_the_message():
    [[made]] = await processed(LOOK_UP, {"user": "ada", "n": 1})
    assert made.value == {"user": "ada", "n": 1, "name": "ADA", "asked": "yes"}
    assert made.metadata == {}


async def test_without_maps_the_processors_see_a_copy_and_change_nothing():
    given_message = Message(b'{"n":1}', metadata={"k": 1})
    made = await processed("- branch: {processors: [{mapping: 'root = {}'}]}", given_message)
    assert values(made) == [[{"n": 1}]]


async def test_a_request_that_assigns_no_document_is_empty():
    text = (
        "- branch:\n    request_map: meta k = 1\n    processors: [{noop: {}}]"
        "\n    result_map: root.size = content().length()"
    )
    assert values(await processed(text, {"a": 1})) == [[{"a": 1, "size": 0}]]


async def test_a_deleted_request_leaves_its_message_out():
    text = LOOK_UP.replace(
        "root.id = this.user", 'root = if this.skip == true { deleted() } else { {"id": this.user} }'
    )
    made = await processed(text, {"user": "a", "skip": True}, {"user": "b"})
    assert values(made) == [[{"user": "a", "skip": True}, {"user": "b", "name": "B", "asked": "yes"}]]


async def test_the_result_map_reads_metadata_of_the_result_and_writes_that_of_the_message():
    text = """\
- branch:
    processors: [{mapping: 'meta k = "new"'}]
    result_map: |
      meta before = @k
      meta after = metadata("k")
"""
    [[made]] = await processed(text, Message(b"{}", metadata={"k": "old"}))
    assert made.metadata == {"k": "old", "before": "old", "after": "new"}
    assert made.content == b"{}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "root.id = this.user",
            'root.id = throw("x")',
            "request mapping failed: failed assignment (line 1): x",
        ),
        (
            "root.name = this.id.uppercase()",
            'root.name = throw("x")',
            "processors failed: failed assignment (line 1): x",
        ),
        (
            "root.name = this.name",
            'root.name = throw("x")',
            "result mapping failed: failed assignment (line 1): x",
        ),
    ],
)
async def test_whatever_fails_flags_the_message_and_leaves_its_content(old, new, problem):
    made = await processed(LOOK_UP.replace(old, new, 1), {"user": "a"})
    assert values(made) == [[{"user": "a"}]]
    assert errors(made) == [problem]


async def test_a_failure_within_keeps_the_name_of_the_stage_it_happened_in():
    text = "- branch: {processors: [{noop: {}}, {mapping: 'root = throw(\"x\")'}]}"
    [[made]] = await processed(text, 1)
    assert (made.error.stage, made.error.line) == ("pipeline.processors.0.branch.processors.1", 1)


async def test_a_branch_must_give_as_many_messages_as_it_gets():
    made = await processed("- branch: {processors: [{select_parts: {parts: [0]}}]}", 1, 2)
    assert values(made) == [[1, 2]]
    text = (
        "processors failed: message count from branch processors does not match request, "
        "started with 2 messages, finished with 1"
    )
    assert errors(made) == [text, text]


async def test_the_copy_of_a_failed_message_has_not_failed():
    text = "- branch: {processors: [{mapping: 'root = errored()'}], result_map: 'root.errored = this'}"
    made = await processed(text, failed({}))
    assert values(made) == [[{"errored": False}]]
    assert errors(made) == ["before"]
