"""What subscriptions have used of their quotas, of record in PostgreSQL and shared by all gateway processes."""

import datetime as dt
from typing import Final

from gateway.caller_budget import CallerBudget
from gateway.database import Pool

_ADD: Final = """
INSERT INTO gateway_usage AS usage (subscription_id, period, start, used)
SELECT subscription.id, given.period, given.start, given.used
FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[]) AS given (subscription, period, start, used)
JOIN gateway_subscription AS subscription ON subscription.id = given.subscription
ORDER BY subscription.id, given.period, given.start
ON CONFLICT (subscription_id, period, start) DO UPDATE SET used = usage.used + excluded.used
RETURNING subscription_id, period, start, used
"""
"""In one order, so that processes that add to the same rows wait for, and not against, each other."""
_LOAD: Final = "SELECT subscription_id, period, start, used FROM gateway_usage WHERE start >= %s"

Row = tuple[int, str, dt.date]


class UsageRecord:
    """What this process knows of the record."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._used: dict[Row, int] = {}
        self._first_day = _first_day()

    async def load(self) -> None:
        """Read what was used of the periods that go on. Raises psycopg.Error."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_LOAD, (_first_day(),))).fetchall()
        self._used = {(subscription, period, start): used for subscription, period, start, used in rows}

    def recall(self, budget: CallerBudget) -> None:
        """Hold against a budget what was used before it was made, or under another plan."""
        quota, subscription = budget.quota, budget.subscription_id
        if quota is not None and subscription is not None:
            recorded = self._used.get((subscription, quota.period, quota.start), 0)
            quota.used = max(quota.used, recorded + budget.unrecorded[quota.period, quota.start])

    async def add(self, budgets: set[CallerBudget]) -> None:
        """Add what was used here, and learn what was used everywhere. Raises psycopg.Error, and keeps it then."""
        told = [
            (budget, row, budget.unrecorded[row[1], row[2]]) for budget in budgets for row in _rows(budget)
        ]
        budgets.clear()
        try:
            await self._write([(row, count) for _, row, count in told])
        except BaseException:
            budgets.update(budget for budget, _, _ in told)
            raise
        for budget, (_, period, start), count in told:
            budget.unrecorded[period, start] -= count
            if not budget.unrecorded[period, start]:
                del budget.unrecorded[period, start]
        for budget, row, _ in told:
            self._learn(budget, row)

    async def _write(self, told: list[tuple[Row, int]]) -> None:
        if not told:
            return
        columns = [list(column) for column in zip(*((*row, count) for row, count in told), strict=True)]
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_ADD, columns)).fetchall()
        self._forget_before(_first_day())
        for subscription, period, start, used in rows:
            self._used[subscription, period, start] = used

    def _forget_before(self, first_day: dt.date) -> None:
        if first_day != self._first_day:
            self._first_day = first_day
            self._used = {row: used for row, used in self._used.items() if row[2] >= first_day}

    def _learn(self, budget: CallerBudget, row: Row) -> None:
        quota = budget.quota
        if quota is not None and row[1:] == (quota.period, quota.start) and row in self._used:
            quota.used = self._used[row] + budget.unrecorded[quota.period, quota.start]


def _rows(budget: CallerBudget) -> list[Row]:
    subscription = budget.subscription_id
    return [] if subscription is None else [(subscription, *key) for key in budget.unrecorded]


def _first_day() -> dt.date:
    """Of the month: no period that goes on began before."""
    return dt.datetime.now(dt.UTC).date().replace(day=1)
