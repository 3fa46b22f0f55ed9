"""The project's own cases, as data: `{given, cases: [{mapping, result|raw|error|parse_error}]}` per file entry."""

import json
from pathlib import Path

import pytest

from streams import bloblang
from streams.bloblang import DELETED, MappingError, ParseError
from streams.message import Message

FOLDER = Path(__file__).parent / "cases"


def collected():
    for path in sorted(FOLDER.glob("*.json")):
        for number, entry in enumerate(json.loads(path.read_text())):
            for case in entry["cases"]:
                yield pytest.param(entry["given"], case, id=f"{path.stem}-{number}-{case['mapping'][:40]}")


def outcome(given, mapping):
    """What came of it, in the words of the case files."""
    content = given.encode() if isinstance(given, str) else json.dumps(given).encode()
    try:
        made = bloblang.compile(mapping).apply([Message(content, metadata={"key": "k1", "tries": 2})])
    except ParseError as error:
        return {"parse_error": str(error)}
    except MappingError as error:
        return {"error": str(error)}
    return {"deleted": True} if made is DELETED else {"raw": made.content.decode()}


@pytest.mark.parametrize(("given", "case"), list(collected()))
def test_case(given, case):
    expected = {key: value for key, value in case.items() if key not in {"mapping", "comment"}}
    if "result" in expected:
        expected = {
            "raw": json.dumps(expected["result"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        }
    got = outcome(given, case["mapping"])
    assert got == expected, f"given {given!r}\nmapping:\n{case['mapping']}"
