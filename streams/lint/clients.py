"""Check how a stream gives its messages to clients who come for them."""

from __future__ import annotations

from collections.abc import Iterator

from streams.spec import Component, Kind, children, is_called
from streams.variables import Components, component_variables


def client_faults(reading: Component, writing: Component) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the outputs that clients read from: code, message and remedy.

    reading, writing: input and output of the stream.
    """
    outputs = _to_clients(writing)
    if outputs > 1:
        yield (
            "clients_twice",
            "several outputs give the stream's messages to its clients, who would get each several times",
            "keep one of them: it has a path for each way of reading",
        )
    elif outputs and not writing.spec.in_gateway and _is_per_caller(reading):
        yield (
            "caller_with_outputs",
            "each caller reads this stream for itself, so that no other output can be written once",
            "make another stream of the other outputs, with a `consumer_group` of its own",
        )


def channel_faults(stream: Components, reading: Component) -> Iterator[tuple[str, str, str]]:
    """What is wrong with an output `inproc`: code, message and remedy.

    reading: the input of the stream.
    """
    names = {(component.spec.kind, component.spec.name) for component in stream.components()}
    if is_called(reading) and (Kind.OUTPUT, "inproc") in names:
        yield (
            "channel_elsewhere",
            "what comes in by HTTP is processed in the gateway, and `inproc` leads to streams of the same process only",
            "write to a topic, and read that in the other stream",
        )


def _to_clients(writing: Component) -> int:
    """How many outputs hand messages to clients, copies counted."""
    if writing.spec.in_gateway:
        return 1
    copies = int(writing.config.get("copies", 1))
    return copies * sum(map(_to_clients, children(writing, Kind.OUTPUT)))


def _is_per_caller(reading: Component) -> bool:
    return not reading.spec.in_gateway and any(True for _ in component_variables(reading))
