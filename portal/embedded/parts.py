"""PostgreSQL, Valkey and Kafka for `make up`: those whose variable names one are used, the others started."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from portal.embedded import postgresql, tansu, valkey
from portal.embedded.children import Children
from portal.embedded.errors import EmbeddedError

DATABASE = "sluice"
ANSWER_SECONDS = 10
QUIET_POSTGRESQL = {"log_checkpoints": "off"}


@dataclass(frozen=True, slots=True)
class Parts:
    """The variables that the processes of Sluice read for their parts."""

    database_url: str
    valkey_url: str
    kafka_bootstrap_servers: str
    embedded_kafka: bool  # whether the broker is ours, and forgets

    @property
    def environment(self) -> dict[str, str]:
        """The same as environment variables."""
        return {
            "DATABASE_URL": self.database_url,
            "VALKEY_URL": self.valkey_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
        }


def start(children: Children, directory: Path, kafka_port: int, environment: Mapping[str, str]) -> Parts:
    """Start or check each part; their data lies in `directory`. Raises EmbeddedError."""
    database_url = environment.get("DATABASE_URL") or _start_postgresql(children, directory / "postgresql")
    valkey_url = environment.get("VALKEY_URL") or _start_valkey(children, directory / "valkey")
    kafka = environment.get("KAFKA_BOOTSTRAP_SERVERS")
    embedded_kafka = not kafka
    kafka = kafka or _start_tansu(children, directory, kafka_port)
    _check_postgresql(database_url)
    _check_valkey(valkey_url)
    _check_kafka(kafka)
    return Parts(database_url, valkey_url, kafka, embedded_kafka)


def _start_postgresql(children: Children, directory: Path) -> str:
    place = postgresql.prepare(directory)
    if place.user is not None:
        children.log.say(f"as root, PostgreSQL runs as uid {place.user}; its data is in {place.data.parent}")
    postgresql.start(place, children.start, QUIET_POSTGRESQL)
    postgresql.create_database(place, DATABASE)
    return place.url(DATABASE)


def _start_valkey(children: Children, directory: Path) -> str:
    place = valkey.prepare(directory)
    valkey.start(place, children.start)
    return place.url


def _start_tansu(children: Children, directory: Path, port: int) -> str:
    return tansu.start(directory, port, children.start).bootstrap_servers


def _check_postgresql(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=ANSWER_SECONDS).close()
    except psycopg.Error as error:
        raise EmbeddedError(f"DATABASE_URL: no PostgreSQL there: {' '.join(str(error).split())}") from error


def _check_valkey(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=ANSWER_SECONDS) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise EmbeddedError(f"VALKEY_URL: no Valkey there: {error}") from error


def _check_kafka(bootstrap_servers: str) -> None:
    """One of the brokers must accept a connection; how to speak with it is the streams' affair."""
    if not any(_connects(address.strip()) for address in bootstrap_servers.split(",")):
        raise EmbeddedError(f"KAFKA_BOOTSTRAP_SERVERS: nothing listens at {bootstrap_servers}")


def _connects(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True
