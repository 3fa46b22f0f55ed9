"""A worker killed at any moment loses nothing, and brings nothing under another name."""

import signal
import uuid

import pytest

from tests.faults.moments import Moment, arm
from tests.load import draining
from tests.load.github import github_run
from tests.load.waiting import wait_until

EVENTS = 1000
OCCASION = 2  # not the first time: something is under way before
DEATH_SECONDS = 120.0
SECONDS = 180.0
DELAY_MS = 20.0  # so that a request is under way when it is to be cut

MOMENTS = [
    Moment.BEFORE_OUTCOME,
    *(pytest.param(one, marks=pytest.mark.exhaustive) for one in Moment if one is not Moment.BEFORE_OUTCOME),
]


@pytest.mark.kafka
@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(DEATH_SECONDS + 2 * SECONDS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_lost_when_a_worker_is_killed(stage, tmp_path, shared, moment):
    with github_run(stage, tmp_path, shared, f"kill-{uuid.uuid4().hex[:8]}") as run:
        run.receiver.behave(delay_ms=DELAY_MS)
        run.produce(EVENTS)
        arm(run.processes.arming_file("victim"), moment, OCCASION)
        victim = run.processes.start_worker_with_traps("victim")
        wait_until(lambda: victim.exit_code is not None, f"the worker killed {moment}", DEATH_SECONDS)
        assert victim.exit_code == -signal.SIGKILL
        assert not draining.is_read(run.estate) or draining.unfinished(run.estate)
        run.processes.start_worker("successor")
        run.wait_until_delivered(SECONDS)
        ledger = run.ledger()
    assert ledger.faults == []
    assert ledger.produced == EVENTS
    assert run.unmatched() == ledger.unmatched
