"""Fixtures of the end-to-end tests."""

from collections.abc import Iterator

import pytest

from portal.embedded import postgresql, valkey
from tests.load.deployment import Deployment, deployed, note_logs
from tests.load.fixtures import shared_stage, stage
from tests.parts import kafka

__all__ = ["shared_stage", "stage"]


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: postgresql.Place,
    valkey_server: valkey.Place,
    kafka_server: kafka.Server,
) -> Iterator[Deployment]:
    """Portal and two gateways on Apache Kafka, for the tests of one file."""
    directory = tmp_path_factory.mktemp("deployment")
    with deployed(directory, postgres_server, valkey_server.url, kafka_server.bootstrap_servers) as made:
        made.start_gateway()
        made.start_gateway()
        yield made


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the processes of a deployment wrote when a test of it fails."""
    outcome = yield
    report = outcome.get_result()
    made = getattr(item, "funcargs", {}).get("deployment")
    if report.failed and made is not None:
        error = AssertionError()
        note_logs(error, made.processes.directory)
        report.sections.append(("logs of the deployment", "\n".join(error.__notes__)))
