"""Which topic the messages of a dry run are read from: the stream's own, or another that is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.connection_inspection import opened
from gateway.connections import allowed_connections, usable_connections
from gateway.errors import Fault, InputError
from gateway.models import Organization
from streams.connections import ConnectionSettings
from streams.dry_run.topics import TopicReading, topic_readings
from streams.errors import UnknownConnectionError
from streams.lint import CheckedStream
from streams.spec import Component


@dataclass(frozen=True, slots=True)
class DryRunSource:
    """Where messages are read for a dry run, and what is done to them before the pipeline."""

    settings: ConnectionSettings
    topic: str
    before: tuple[Component, ...]
    grouped: bool = False
    """The input makes batches."""
    multi_header: bool = False
    is_own: bool = True
    """An input of the stream reads the topic; False: it was chosen in the place of what the input gives."""


def dry_run_source(
    organization: Organization, stream: CheckedStream, connection: str, topic: str
) -> DryRunSource:
    """Return where a stream's messages are read.

    connection: the name of one that the organization may use; topic: one that it allows; empty: as the stream's input
    says, where it reads one topic. Raises InputError where more must be said, RefusedError.
    """
    readings = topic_readings(stream)
    fitting = [one for one in readings if topic in ("", one.topic)]
    if connection:
        fitting = [one for one in fitting if _resolved(organization, one).name == connection]
    if fitting and (topic or len(fitting) == 1):
        return _own(organization, fitting[0])
    if connection and topic:
        settings = _named(organization, connection)
        return DryRunSource(settings, topic, stream.input.processors, is_own=False)
    raise InputError(_unsaid(stream, readings, connection, topic))


def _own(organization: Organization, reading: TopicReading) -> DryRunSource:
    settings = _resolved(organization, reading)
    if settings.name:
        settings = _named(organization, settings.name)
    multi_header = bool(reading.config["multi_header"])
    return DryRunSource(settings, reading.topic, reading.before, reading.grouped, multi_header)


def _resolved(organization: Organization, reading: TopicReading) -> ConnectionSettings:
    """The connection that an input names, without its password; an unknown one was found when it was checked."""
    try:
        return allowed_connections(organization).resolve(reading.config["addresses"])
    except UnknownConnectionError as error:
        raise InputError(Fault(str(error), "/connection", "unknown")) from error


def _named(organization: Organization, name: str) -> ConnectionSettings:
    row = usable_connections(organization).filter(name=name).first()
    if row is None:
        remedy = "choose one of those that your organization's definitions may name"
        raise InputError(Fault(f"there is no connection {name!r}", "/connection", "unknown", remedy))
    return opened(row)


def _unsaid(stream: CheckedStream, readings: Sequence[TopicReading], connection: str, topic: str) -> Fault:
    """What must be chosen."""
    if topic:
        message = f"no input of the stream reads the topic {topic!r}"
        return Fault(message, "/connection", "required", "choose the connection to read it through, too")
    if len(readings) > 1:
        names = ", ".join(dict.fromkeys(one.topic for one in readings))
        return Fault(
            "the stream reads several topics", "/topic", "required", f"choose one: {names}, or another"
        )
    said = "name the topic to read" if connection else "choose a connection and a topic"
    remedy = f"{said} that holds messages like those the stream gets"
    return Fault(
        f"the input {stream.input.spec.name!r} reads no topic of Kafka", "/topic", "required", remedy
    )
