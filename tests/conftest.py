"""Fixtures of all tests: the real parts by name, started once and only when a test asks for them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings

from portal.embedded import ports, postgresql, tansu, valkey
from tests.parts import chromium as chromium_part
from tests.parts import embedded, kafka
from tests.parts.missing import missing
from tests.parts.topics import Topics

# How long an example takes says more of the machine than of the code.
settings.register_profile("sluice", deadline=None)
settings.load_profile("sluice")

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests on the shared folder where there is none; the terminal summary names them."""
    for item in items:  # pytest-django makes the database only when a test is marked so
        if "postgres_url" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)
    items.sort(key=lambda item: not _waits_long(item))
    if SHARED.is_dir():
        return
    without = [item for item in items if item.get_closest_marker("shared")]
    items[:] = [item for item in items if not item.get_closest_marker("shared")]
    config.hook.pytest_deselected(items=without)
    config.stash[LEFT_OUT] = [item.nodeid for item in without]


def _waits_long(item: pytest.Item) -> bool:
    """Whole deployments that are started and killed come first: the many short tests fill the other processes' time.

    Not those that use the tests' own database: what they flush others would miss (pytest-django has them come last).
    """
    own_database = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("slow") is not None and item.get_closest_marker("django_db") is None
    return marked and not own_database


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the tests that were left out for want of the shared folder."""
    if not SHARED.is_dir():
        # Where other processes run the tests, this one has collected none: it names what they have in common.
        left_out = config.stash.get(LEFT_OUT, ["all that are marked `shared`"])
        terminalreporter.section("left out: SLUICE_SHARED names no folder")
        terminalreporter.line("\n".join(left_out))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgresql.Place]:
    """PostgreSQL, running; without the tests' database."""
    server = postgresql.start(
        embedded.POSTGRESQL, embedded.logging_to("postgresql"), embedded.UNSAFE_AND_FAST
    )
    yield embedded.POSTGRESQL
    server.stop()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[valkey.Place]:
    """Valkey, running."""
    server = valkey.start(embedded.VALKEY, embedded.logging_to("valkey"))
    yield embedded.VALKEY
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server, valkey_server) -> None:
    """pytest-django's hook before it makes the tests' database: whoever has the database has Valkey too."""


@pytest.fixture(scope="session")
def postgres_url(django_db_setup: None, postgres_server: postgresql.Place) -> str:
    """DATABASE_URL of the migrated database that the tests' ORM uses."""
    return postgres_server.url(f"test_{embedded.DATABASE}")


@pytest.fixture
def valkey_url(valkey_server: valkey.Place) -> str:
    """VALKEY_URL of an emptied Valkey."""
    with redis.Redis(unix_socket_path=str(valkey_server.socket)) as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture(scope="session")
def tansu_bootstrap() -> Iterator[str]:
    """host:port of Tansu, the broker of `make up`."""
    broker = tansu.start(embedded.DIRECTORY, ports.free(), embedded.logging_to("tansu"))
    yield broker.bootstrap_servers
    broker.child.stop()


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[kafka.Server]:
    """Apache Kafka in KRaft mode; skips, or fails in CI, where Java or Maven are missing."""
    if reason := kafka.missing_part():
        missing(reason)
    server = kafka.start(embedded.DIRECTORY / "kafka")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka_server: kafka.Server) -> str:
    """host:port of Apache Kafka."""
    return kafka_server.bootstrap_servers


@pytest.fixture
def topic_factory() -> Iterator[Topics]:
    """`topic_factory(bootstrap, partitions=1, name=None)` makes a topic for one test."""
    topics = Topics()
    yield topics
    topics.delete()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of Chromium; skips, or fails in CI, where there is none."""
    return chromium_part.executable() or missing("no Chromium: install it or set CHROMIUM to its path")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder; for tests marked `shared`."""
    return SHARED


@pytest.fixture
def process_environment(postgres_url: str, valkey_url: str) -> dict[str, str]:
    """The environment for a process of Sluice that works on this session's database and Valkey."""
    ours = {
        "DATABASE_URL": postgres_url,
        "VALKEY_URL": valkey_url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return {**os.environ, **embedded.environment(), **ours}
