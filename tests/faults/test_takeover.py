"""What a dead worker held is sent again by another."""

import pytest

from tests.bench import takeover


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.exhaustive
def test_another_worker_sends_all_that_a_killed_one_held(stage):
    assert takeover.measured(stage)["held"] > 0
