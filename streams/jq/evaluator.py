"""The process that evaluates one jq query. Run as a script: it knows nothing of Sluice and has nothing to lose.

libjq holds Python's lock while it works and cannot be interrupted, and a query may go on for ever, so it has no place
in a process that does anything else. On standard input and output are frames: four bytes of length, big-endian, then
JSON. The first frame is the query; each after it is `{"d": document, "m": metadata}` and is answered by
`{"results": [...]}` or `{"error": "..."}`. With the argument `check` it only says what is wrong with the query on
its input.
"""

from __future__ import annotations

import json
import resource
import sys
from itertools import islice
from typing import Any, BinaryIO, Final

import jq

_MEMORY: Final = 1 << 30
_MAX_RESULTS: Final = 100_000


def main() -> None:
    """Answer until the other side goes."""
    reading, writing = sys.stdin.buffer, sys.stdout.buffer
    first = _read(reading)
    if first is None:
        return
    # One compilation serves all messages, though each has metadata of its own.
    program = jq.compile(f".m as $metadata | .d | (\n{json.loads(first)}\n)")
    while (frame := _read(reading)) is not None:
        answer = json.dumps(_answer(program, frame.decode())).encode()
        writing.write(len(answer).to_bytes(4, "big") + answer)
        writing.flush()


def _answer(program: Any, text: str) -> dict[str, Any]:
    try:
        results = list(islice(iter(program.input_text(text)), _MAX_RESULTS + 1))
    except ValueError as error:
        return {"error": str(error)}
    if len(results) > _MAX_RESULTS:
        return {"error": f"the query gives more than {_MAX_RESULTS} results"}
    return {"results": results}


def _read(reading: BinaryIO) -> bytes | None:
    head = reading.read(4)
    return reading.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def check(query: str) -> str:
    """The first line of what is wrong with a query; empty: nothing."""
    try:
        jq.compile(query, args={"metadata": {}})
    except ValueError as error:
        return str(error).partition("\n")[0][:300]
    return ""


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    if sys.argv[1:] == ["check"]:
        sys.stdout.write(check(sys.stdin.read()))
    else:
        main()
