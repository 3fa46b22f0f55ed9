"""The stage for tests: this session's parts, with databases apart from the ORM tests' own."""

from collections.abc import Iterator

import pytest

from portal.embedded import postgresql, valkey
from tests.load.stage import Stage
from tests.parts import embedded, kafka


@pytest.fixture(scope="session")
def shared_stage(
    postgres_server: postgresql.Place, valkey_server: valkey.Place, kafka_server: kafka.Server
) -> Stage:
    """The session's stage."""
    return Stage(embedded.DIRECTORY, postgres_server, valkey_server, kafka_server)


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The session's stage with an empty Valkey; its databases go after the test."""
    shared_stage.empty_valkey()
    yield shared_stage
    shared_stage.drop_databases()
