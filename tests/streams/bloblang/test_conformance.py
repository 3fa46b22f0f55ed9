"""The shared suite of Bento's documented examples and language cases."""

import json
import os
from itertools import groupby
from pathlib import Path

import pytest

from tests.conformance import check, load, main

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).parents[4] / "shared")) / "conformance"
FILES = ("bloblang_core_cases.json", "bloblang_examples.json")


def groups():
    """The cases; those that count on a state they share stay together, in order."""
    paths = [SHARED / name for name in FILES]
    cases = [case for path in paths if path.is_file() for case in load(path)]
    return [list(group) for _, group in groupby(cases, key=lambda case: case.get("sequence") or case["id"])]


@pytest.mark.shared
@pytest.mark.parametrize("cases", groups() or [[]], ids=lambda cases: cases[0]["id"] if cases else "none")
def test_shared_case_passes(cases):
    assert cases, "the shared folder holds no cases"
    assert [outcome.problem for outcome in map(check, cases) if outcome.problem] == []


def test_the_command_prints_a_line_a_failure_and_a_count_a_form(tmp_path, capsys):
    cases = [
        {"id": "right", "form": "query", "mapping": "1 + 1", "out_kind": "value", "output": 2},
        {"id": "wrong", "form": "query", "mapping": "1 + 1", "out_kind": "value", "output": 3},
        {"id": "random", "form": "query", "mapping": "nope", "deterministic": False},
    ]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases))
    assert main([str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == ['wrong: "1 + 1": MismatchError: got 2, expected 3', "query: 1 of 2"]


def test_the_command_succeeds_when_all_pass(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps([{"id": "a", "form": "field", "mapping": "x", "out_kind": "string", "output": "x"}])
    )
    assert main([str(file)]) == 0
