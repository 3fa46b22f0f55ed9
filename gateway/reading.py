"""How clients of a stream get its messages: decided from the checked configuration alone."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from streams.lint import CheckedStream, descendants
from streams.spec import Component, Kind
from streams.variables import component_variables

_HTTP_SERVER: Final = "http_server"


class Reading(Enum):
    """Where the gateway reads what it hands to clients."""

    REPLAY = "replay"
    """Each gateway process reads the input's own topic and runs the processors itself."""
    INTERNAL = "internal"
    """The stream runs once, into an internal topic that the gateway reads."""


class Delivery(Enum):
    """Who gets a message; the value is what a definition writes."""

    ROUND_ROBIN = "round_robin"
    """One client."""
    BROADCAST = "broadcast"
    """Every client."""


def plan_reading(stream: CheckedStream) -> Reading:
    """REPLAY where reading and processing again gives the same and does nothing else; INTERNAL for the others.

    That is so when the only input is `kafka`, the only output `http_server`, and every processor, those beside input
    and output included, says that it can be repeated.
    """
    only_output = stream.output.spec.name == _HTTP_SERVER
    return Reading.REPLAY if only_output and stream.replayable else Reading.INTERNAL


def takes_requests(stream: CheckedStream) -> bool:
    """Tell whether an input of it is `http_server`: it runs where its requests arrive, in the gateway."""
    return any(component.spec.name == _HTTP_SERVER for component in descendants(stream.input))


def serves_clients(stream: CheckedStream) -> bool:
    """Tell whether an output of it is `http_server`."""
    return any(True for _ in http_outputs(stream))


def http_outputs(stream: CheckedStream) -> Iterator[Component]:
    """The `http_server` outputs of a stream, alone or in a broker."""
    for component in descendants(stream.output):
        if component.spec.kind is Kind.OUTPUT and component.spec.name == _HTTP_SERVER:
            yield component


def runs_in_worker(stream: CheckedStream) -> bool:
    """Tell whether workers run it: always without HTTP; with clients only where they read an internal topic."""
    if takes_requests(stream) or is_per_caller(stream):
        return False
    return not serves_clients(stream) or plan_reading(stream) is Reading.INTERNAL


def is_per_caller(stream: CheckedStream) -> bool:
    """Tell whether each caller has a place of its own: the consumer group is made of the request's variables."""
    return not takes_requests(stream) and any(True for _ in component_variables(stream.input))


def delivery_of(stream: CheckedStream, output: Component, dialect: str) -> Delivery:
    """Who gets a message of an `http_server` output: as it says, else as the definition's dialect has it.

    Dialect `tyk` means one client, as in Tyk Streams; `sluice` means every client. Where each caller has messages of
    its own, they go to one of the caller's clients, whatever is written.
    """
    if is_per_caller(stream):
        return Delivery.ROUND_ROBIN
    if written := output.config["delivery"]:
        return Delivery(written)
    return Delivery.ROUND_ROBIN if dialect == "tyk" else Delivery.BROADCAST
