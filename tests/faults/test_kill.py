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


@pytest.mark.kafka
@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(len(Moment) * DEATH_SECONDS + 2 * SECONDS)
def test_nothing_is_lost_when_a_worker_is_killed_at_each_moment(stage, tmp_path, shared):
    with github_run(stage, tmp_path, shared, f"kill-{uuid.uuid4().hex[:8]}") as run:
        run.receiver.behave(delay_ms=DELAY_MS)
        for moment in Moment:
            run.produce(EVENTS)
            kill(run, moment)
        run.processes.start_worker("successor")
        run.wait_until_delivered(SECONDS)
        ledger = run.ledger()
    assert ledger.faults == []
    assert ledger.produced == EVENTS * len(Moment)
    assert run.unmatched() == ledger.unmatched


def kill(run, moment):
    """Have a worker die at a moment, with something left to do."""
    name = f"victim-{moment}"
    arm(run.processes.arming_file(name), moment, OCCASION)
    victim = run.processes.start_worker_with_traps(name)
    wait_until(lambda: victim.exit_code is not None, f"the worker killed {moment}", DEATH_SECONDS)
    assert victim.exit_code == -signal.SIGKILL
    assert not draining.is_read(run.estate) or draining.unfinished(run.estate)
