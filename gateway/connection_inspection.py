"""Whether a connection works, and what there is to read behind it; for people who write definitions."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from gateway.connections import password_of, settings_of
from gateway.errors import RefusedError
from gateway.models import Connection, ConnectionKind
from streams.connections import ConnectionSettings
from streams.kafka.diagnosis import InspectionError
from streams.kafka.inspection import ClusterView, TopicView, view_cluster, view_topic
from streams.secrets import DecryptionError

MOST_LOOKS: Final = 8
"""At a time in one process: each holds a thread for seconds, where brokers do not answer."""
LAST_RECORDS: Final = 10

_View = TypeVar("_View")
_looks = threading.BoundedSemaphore(MOST_LOOKS)


def inspect_cluster(connection: Connection) -> ClusterView:
    """Reach the brokers of a connection and list the topics it allows. Raises RefusedError, saying what is missing."""
    return look(opened(connection), view_cluster)


def inspect_topic(connection: Connection, topic: str) -> TopicView:
    """Read the last records of a topic that a connection allows. Raises RefusedError, saying what is missing."""
    return look(opened(connection), lambda settings: view_topic(settings, topic, LAST_RECORDS))


def opened(connection: Connection) -> ConnectionSettings:
    """How the brokers of a connection to Kafka are reached, with its password. Raises RefusedError."""
    if connection.kind != ConnectionKind.KAFKA:
        raise RefusedError(
            f"connections of the kind {connection.kind} cannot be looked at here",
            code="not_kafka",
            remedy="make a definition that names it: its running instances say whether they can connect",
        )
    try:
        return settings_of(connection, password_of(connection))
    except DecryptionError as error:
        raise RefusedError(
            "the connection's password cannot be decrypted",
            code="credentials",
            remedy="an operator sets it anew, or brings back the key that encrypted it",
        ) from error


def look(settings: ConnectionSettings, view: Callable[[ConnectionSettings], _View]) -> _View:
    """Take one look at brokers, as a few may at a time. Raises RefusedError, saying what is missing."""
    try:
        with _place():
            return view(settings)
    except InspectionError as error:
        raise RefusedError(str(error), code=error.missing.value, remedy=error.remedy) from error


@contextmanager
def _place() -> Iterator[None]:
    if not _looks.acquire(blocking=False):
        raise RefusedError("others look at connections now", code="busy", remedy="try again in a few seconds")
    try:
        yield
    finally:
        _looks.release()
