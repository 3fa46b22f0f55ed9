"""One evaluator's process as seen from the event loop: begun when needed, killed when it takes too long."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from streams.errors import SluiceError
from streams.jsontext import NotJsonError, parse, serialise

SECONDS: Final = 2.0
"""The longest a query may work on one message."""
_START_SECONDS: Final = 30.0
_MAX_ANSWER: Final = 64 << 20
SCRIPT: Final = Path(__file__).with_name("evaluator.py")
"""What such a process runs."""


class QueryError(SluiceError):
    """The query has no result for this message."""


class QueryProcess:
    """Evaluates one query, one document after the other."""

    def __init__(self, query: str, seconds: float = SECONDS) -> None:
        self._query = query
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def evaluate(self, document: bytes, metadata: dict[str, Any]) -> list[Any]:
        """The results for one document, given as JSON. Raises QueryError; the next call may succeed."""
        async with self._turn:
            # A process takes a moment to begin, which is not the query's fault.
            seconds = self._seconds if self._process is not None else self._seconds + _START_SECONDS
            try:
                async with asyncio.timeout(seconds):
                    answer = await self._exchange(b'{"d":%b,"m":%b}' % (document, serialise(metadata)))
            except TimeoutError:
                await self._kill()
                raise QueryError(
                    f"the query takes longer than {self._seconds:g} s for this message"
                ) from None
            except (asyncio.IncompleteReadError, OSError) as error:
                await self._kill()
                raise QueryError("the query takes too much memory for this message") from error
            except BaseException:
                # What was asked and not heard would be taken for the answer to the next question.
                await self._kill()
                raise
        return _results(answer)

    async def close(self) -> None:
        """End the process; the next evaluation begins another."""
        async with self._turn:
            await self._kill()

    async def _exchange(self, question: bytes) -> bytes:
        process = self._process or await self._begin()
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(_frame(question))
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(4), "big")
        if length > _MAX_ANSWER:
            raise QueryError(f"the query gives more than {_MAX_ANSWER} bytes")
        return await process.stdout.readexactly(length)

    async def _begin(self) -> asyncio.subprocess.Process:
        # Isolated and without environment: a query can read variables, and must find none.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(_frame(serialise(self._query)))
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def _frame(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _results(answer: bytes) -> list[Any]:
    try:
        found = parse(answer)
    except NotJsonError as error:
        raise QueryError(str(error)) from error
    if "error" in found:
        raise QueryError(str(found["error"]))
    results: list[Any] = found["results"]
    return results
