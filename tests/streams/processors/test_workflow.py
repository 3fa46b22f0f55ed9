"""`workflow`: order, records, replays; and how the order is worked out."""

from typing import Any

import pytest

from streams.workflow.paths import reads, writes
from streams.workflow.tiers import CircularError, Maps, infer
from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, values

CHAIN = """- workflow:
    branches:
      c: {request_map: 'root = this.b', processors: [{mapping: 'root = this + 1'}], result_map: 'root.c = this'}
      a: {request_map: 'root = this.n', processors: [{mapping: 'root = this + 1'}], result_map: 'root.a = this'}
      b: {request_map: 'root = this.a', processors: [{mapping: 'root = this + 1'}], result_map: 'root.b = this'}"""


async def test_a_branch_runs_after_those_it_reads_from():
    [[made]] = values(await processed(CHAIN, {"n": 1}))
    assert made == {
        "n": 1,
        "a": 2,
        "b": 3,
        "c": 4,
        "meta": {"workflow": {"succeeded": ["a", "b", "c"]}},
    }


async def test_what_fails_is_written_down_and_does_not_flag_the_message():
    text = """- workflow:
    branches:
      bad: {processors: [{mapping: 'root = throw("no")'}], result_map: 'root.x = this'}
      good: {processors: [{mapping: 'root = 1'}], result_map: 'root.y = this'}
      left: {request_map: 'root = if this.skip { deleted() }', processors: [], result_map: 'root.z = 1'}"""
    made = await processed(text, {"skip": True}, {"skip": False})
    assert errors(made) == [None, None]
    first, second = values(made)[0]
    assert first["meta"]["workflow"]["skipped"] == ["left"]
    assert first["meta"]["workflow"]["failed"] == {
        "bad": "processors failed: failed assignment (line 1): no",
    }
    assert second["meta"]["workflow"]["succeeded"] == ["good", "left"]
    assert (first["y"], "x" in first) == (1, False)


async def test_without_a_place_for_the_record_failures_flag_the_message():
    text = """- workflow: {meta_path: '', branches: {a: {processors: [{mapping: 'root = throw("no")'}]}}}"""
    made = await processed(text, {"n": 1})
    assert errors(made) == ["workflow branches failed: a: processors failed: failed assignment (line 1): no"]
    assert values(made) == [[{"n": 1}]]


async def test_what_succeeded_before_does_not_run_again():
    before: dict[str, Any] = {
        "n": 1,
        "a": 7,
        "meta": {"workflow": {"succeeded": ["a"], "failed": {"b": "x"}}},
    }
    [[made]] = values(await processed(CHAIN, before))
    assert (made["a"], made["b"], made["c"]) == (7, 8, 9)
    assert made["meta"]["workflow"] == {
        "succeeded": ["b", "c"],
        "skipped": ["a"],
        "previous": before["meta"]["workflow"],
    }


async def test_apply_names_the_only_branches_to_run():
    [[made]] = values(await processed(CHAIN, {"n": 1, "meta": {"workflow": {"apply": ["a"]}}}))
    assert made["meta"]["workflow"]["succeeded"] == ["a"]
    assert "b" not in made


async def test_branches_may_be_resources_and_their_order_may_be_said():
    text = "- workflow: {meta_path: w, order: [[late], [early]], branch_resources: [late, early]}"
    resources = """processor_resources:
  - label: early
    branch: {processors: [{mapping: 'root = this.seen.or("nothing")'}], result_map: 'root.early = content().string()'}
  - label: late
    branch: {processors: [], result_map: 'root.seen = "late"'}"""
    [[made]] = values(await processed(text, {}, resources=resources))
    assert (made["early"], made["w"]) == ("late", {"succeeded": ["early", "late"]})


async def test_no_message_is_lost_when_a_record_cannot_be_written():
    made = await processed("- workflow: {branches: {a: {processors: []}}}", b"no json")
    assert errors(made)[0].startswith("failed to parse message for meta update: ")
    assert made[0][0].content == b"no json"


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("root = this.a.b + this.c", {("this", "a", "b"), ("this", "c")}),
        ("root = foo.bar", {("this", "foo", "bar")}),
        ("root = this", {("this",)}),
        ("root = this.a.map_each(this.n)", {("this", "a")}),
        ("root = this.a.(this.b)", {("this", "a")}),
        ("root = this.a.or(this.b)", {("this", "a"), ("this", "b")}),
        ('root = @k + metadata("j") + json("x.y")', {("@", "k"), ("@", "j"), ("this", "x", "y")}),
        ("root = content()", {("this",)}),
        ("let v = this.a\nroot = $v", {("this", "a")}),
        ("root = if this.a { this.b } else { match this.c { this.d => 1, _ => 2 } }",
         {("this", "a"), ("this", "b"), ("this", "c")}),
        ("if this.a { root = this.b }", {("this", "a"), ("this", "b")}),
        ("root = {this.k: [this.v]}", {("this", "k"), ("this", "v")}),
        ("root = 5", set()),
    ],
)  # fmt: skip
def test_what_a_mapping_reads(mapping, expected):
    assert reads(mapping) == expected


def test_what_a_mapping_writes():
    mapping = "root.a.b = 1\nmeta k = 2\nlet x = 3\nif true { root.c = 4 }"
    assert writes(mapping) == {("this", "a", "b"), ("@", "k"), ("this", "c")}


def test_branches_that_need_nothing_of_each_other_share_a_tier():
    maps = {
        "a": Maps("root = this.id", "root.a = this"),
        "b": Maps("", "root.b.c = this"),
        "c": Maps("root = this.b\nroot.x = @k", "root.c = 1"),
    }
    assert infer(maps) == (("a", "b"), ("c",))


def test_branches_that_need_each_other_are_refused():
    with pytest.raises(CircularError, match="a, b"):
        infer({"a": Maps("root = this.b", "root.a = 1"), "b": Maps("root = this.a", "root.b = 1")})


CIRCLE = """{branches: {
    a: {request_map: root = this.b, processors: [], result_map: root.a = 1},
    b: {request_map: root = this.a, processors: [], result_map: root.b = 1}}}"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{}", "missing_field"),
        ("{branches: {a: {processors: []}}, order: [[b]]}", "bad_order"),
        ("{branches: {a: {processors: []}}, order: [[a], [a]]}", "bad_order"),
        ("{branches: {a: {processors: []}}, order: [a]}", "wrong_type"),
        ("{branches: {a: {processors: []}, b: {processors: []}}, order: [[a]]}", "bad_order"),
        ("{branches: {a: {}}}", "missing_field"),
        ("{branch_resources: [x]}", "resource_unknown"),
        ("{branches: {a: {request_map: 'root =', processors: []}}}", "bad_mapping"),
        (CIRCLE, "bad_order"),
    ],
)  # fmt: skip
def test_a_workflow_that_cannot_run_is_refused(body, code):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    assert [one.code for one in findings(f"{ends}pipeline: {{processors: [{{workflow: {body}}}]}}")] == [code]
