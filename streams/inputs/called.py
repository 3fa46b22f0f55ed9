"""Where inputs that take requests may stand: what they take is processed where it arrives, in the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.spec import Component, Problem, is_called


def check_mixed(path: tuple[str | int, ...], inputs: Sequence[Component]) -> Iterable[Problem]:
    """Report inputs that take requests beside inputs that read elsewhere, in a worker. path: of the list."""
    called = [at for at, child in enumerate(inputs) if is_called(child)]
    if called and len(called) < len(inputs):
        yield Problem(
            (*path, called[0]),
            "inputs_mixed",
            "an input that takes requests cannot be joined with inputs that read elsewhere",
            "make two streams of it: each may write to the same output",
        )


def check_not_called(
    path: tuple[str | int, ...], inputs: Iterable[Component], what: str
) -> Iterable[Problem]:
    """Report an input that takes requests where its requests cannot wait. what: does not work with it."""
    if any(map(is_called, inputs)):
        yield Problem(
            path,
            "requests_held_back",
            f"{what} does not work with an input that takes requests: each is answered when the output has it",
            "write the requests to a topic, and read that in another stream",
        )
