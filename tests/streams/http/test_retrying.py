"""What a status means and how long to wait."""

import pytest

from streams.http.retrying import RetryRules, Verdict

RULES = RetryRules(3, 1.0, 5.0, frozenset({429, 404}), frozenset({404, 400}), frozenset({302, 400}))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPT),
        (299, Verdict.ACCEPT),
        (302, Verdict.ACCEPT),
        (301, Verdict.RETRY),
        (500, Verdict.RETRY),
        (429, Verdict.BACK_OFF),
        (404, Verdict.FAIL),
        (400, Verdict.FAIL),
    ],
)
def test_a_status_is_judged_in_the_order_of_bento(status, verdict):
    assert RULES.judge(status) is verdict


def test_waits_grow_where_they_should():
    assert [RULES.wait(Verdict.BACK_OFF, tries) for tries in (1, 2, 3, 4, 9000)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert [RULES.wait(Verdict.RETRY, tries) for tries in (1, 9)] == [1.0, 1.0]
