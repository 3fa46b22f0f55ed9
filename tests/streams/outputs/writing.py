"""Outputs that a configuration describes, over outputs that keep what they take or fail as told."""

from __future__ import annotations

from streams.errors import BatchError
from streams.message import Failure, Message
from streams.processed import build_output
from streams.spec import BuildContext
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.streams.making import IDENTITY, ListOutput, message, stream, with_ends


def made(content: str, failure: str = "") -> Message:
    """A message; with a failure, one that a processor failed on."""
    one = message(content.encode())
    one.error = Failure(failure) if failure else None
    return one


async def written(output: str, messages: list[Message], *kept: ListOutput) -> dict[int, str]:
    """Write messages to an output in YAML, whose children may be `kept0`, `kept1`. Returns errors by place."""
    checked = stream(
        f"input: {{generate: {{mapping: root = 1}}}}\noutput: {output}\n", with_ends(None, *kept)
    )
    context = BuildContext(IDENTITY, {Statistics: Statistics(), StopSignal: StopSignal()})
    writing = build_output(checked.output, context)
    await writing.connect()
    try:
        await writing.write(messages)
    except BatchError as error:
        return {at: str(reason) for at, reason in error.errors.items()}
    finally:
        await writing.close()
    return {}


def texts(output: ListOutput) -> list[str]:
    """The payloads an output took."""
    return [one.content.decode() for one in output.taken]
