import pytest

from tests.load.ledger import Ledger, settle
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan, loaded
from tests.load.producer import Acknowledged
from tests.load.reception import Received

PLAN = EstatePlan(
    bootstrap="127.0.0.1:1",
    topic="t",
    products={"orders": ("created", "paid"), "people": ("joined",), "secrets": ("leaked",)},
    apps=(
        AppPlan(
            "one",
            ("orders",),
            (EndpointPlan(0, "http://a", "s"), EndpointPlan(1, "http://b", "s", ("paid",))),
        ),
        AppPlan("two", ("orders", "people"), (EndpointPlan(2, "http://c", "s"),), ("secrets",)),
    ),
)
ACKNOWLEDGED = {
    number: Acknowledged(number, event_type, 100 + number, 0)
    for number, event_type in enumerate(["created", "paid", "joined", "leaked", "unknown"])
}
PROMISED = [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 2)]


def received(number: int, endpoint: int, status: int = 204, *, name: str = "", digest: int = 0) -> Received:
    return Received(endpoint, name or f"msg_{number}", number, digest or 100 + number, 0, status)


def account(*more: Received, without: tuple[int, int] | None = None) -> Ledger:
    kept = [received(*place) for place in PROMISED if place != without]
    return settle(PLAN, ACKNOWLEDGED, [*kept, *more])


def test_a_full_account_has_no_faults():
    ledger = account()
    assert ledger.faults == []
    assert (ledger.produced, ledger.unmatched) == (5, 1)
    assert [(app.name, app.due, app.delivered) for app in ledger.apps] == [("one", 3, 3), ("two", 3, 3)]


@pytest.mark.parametrize("place", PROMISED)
def test_each_promise_that_was_not_kept_is_lost(place):
    ledger = account(without=place)
    assert [lost for app in ledger.apps for lost in app.lost] == [place]
    assert "1 lost" in ledger.faults[0]


def test_a_failed_try_is_no_delivery():
    ledger = account(received(2, 2, 500), without=(2, 2))
    assert ledger.apps[1].lost == [(2, 2)]
    assert ledger.apps[1].failed_tries == 1


@pytest.mark.parametrize("place", [(0, 1), (2, 0), (3, 2), (4, 2)])
def test_what_nobody_subscribed_to_is_foreign(place):
    ledger = account(received(*place))
    assert [foreign for app in ledger.apps for foreign in app.foreign] == [place]
    assert ledger.faults


def test_a_repetition_under_the_same_id_is_a_duplicate_and_no_fault():
    ledger = account(received(0, 0))
    assert ledger.apps[0].duplicated == 1
    assert ledger.faults == []


def test_a_repetition_under_another_id_is_a_fault():
    ledger = account(received(0, 0, name="msg_other"))
    assert ledger.apps[0].renamed == [(0, 0)]
    assert ledger.faults


def test_an_altered_body_is_a_fault():
    assert account(received(0, 0, digest=7)).faults == ["1 bodies altered"]


def test_a_refused_signature_is_a_fault():
    assert "1 signatures refused" in account(received(0, 0, 400)).faults


def test_a_plan_survives_its_way_to_another_process():
    assert loaded(PLAN.dumped()) == PLAN
