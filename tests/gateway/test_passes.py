"""Whom a key let in is remembered for a moment, and never beyond what holds."""

import datetime as dt
from dataclasses import replace

import time_machine

from gateway.analytics import Analytics
from gateway.budgets import CallerBudget
from gateway.caller import Caller, Limits
from gateway.configuration import Configuration
from gateway.passes import PASS_SECONDS, Passes

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
KEY = (1, b"digest")
CALLER = Caller("192.0.2.1", Limits(), app_id=7, subscription_id=8)


def issued(passes, caller=CALLER):
    return passes.issue(KEY, caller, CallerBudget("subscription/8", Limits(), 0.0), Analytics(None))


def test_a_pass_holds_for_a_moment():
    passes, configuration = Passes(), Configuration()
    with time_machine.travel(NOW, tick=False) as clock:
        assert passes.find(configuration, KEY) is None
        made = issued(passes)

        assert passes.find(configuration, KEY) is made
        assert passes.find(configuration, (2, b"digest")) is None
        clock.shift(PASS_SECONDS)
        assert passes.find(configuration, KEY) is None


def test_a_pass_ends_with_the_key_or_subscription():
    passes, configuration = Passes(), Configuration()
    with time_machine.travel(NOW, tick=False) as clock:
        passes.find(configuration, KEY)
        issued(passes, replace(CALLER, expires_at=NOW + dt.timedelta(seconds=1)))

        assert passes.find(configuration, KEY) is not None
        clock.shift(1)
        assert passes.find(configuration, KEY) is None


def test_no_pass_outlives_its_configuration():
    passes, configuration = Passes(), Configuration()
    passes.find(configuration, KEY)
    issued(passes)

    assert passes.find(replace(configuration, revision=2), KEY) is None
    assert passes.find(configuration, KEY) is None
