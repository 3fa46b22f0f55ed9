"""The main job, whole: real GitHub events from Apache Kafka to signed webhooks of three apps."""

import os
import sys
import uuid

import pytest

from tests.load.github import github_run

EVENTS = int(os.environ.get("SLUICE_E2E_EVENTS", "5000"))
SECONDS = 600.0


@pytest.mark.kafka
@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS)
def test_each_app_holds_every_event_it_subscribed_to_and_no_other(stage, tmp_path, shared, capsys):
    with github_run(stage, tmp_path, shared, f"github-{uuid.uuid4().hex[:8]}") as run:
        run.processes.start_worker("one")
        run.processes.start_worker("two")
        run.processes.start_beat()
        run.produce(EVENTS)
        run.wait_until_delivered(SECONDS)
        ledger = run.ledger()
    with capsys.disabled():
        sys.stdout.write(f"\n{ledger}\n")
    assert ledger.faults == []
    assert ledger.produced == EVENTS
    assert all(app.failed_tries for app in ledger.apps)
    assert run.unmatched() == ledger.unmatched > 0
