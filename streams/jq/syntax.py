"""Whether a jq query can be read. Reading one folds its constants, which may take any memory and time."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from typing import Final

from streams.jq.process import SCRIPT

_SECONDS: Final = 5.0


@lru_cache(maxsize=1024)
def syntax_problem(query: str) -> str:
    """What is wrong with a query; empty: nothing. Tried in a process of its own, within bounds."""
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the query is its input
            [sys.executable, "-I", str(SCRIPT), "check"],
            input=query.encode(),
            capture_output=True,
            timeout=_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "reading it takes too long"
    if done.returncode != 0:
        return "reading it takes too much memory"
    return done.stdout.decode("utf-8", "replace")
