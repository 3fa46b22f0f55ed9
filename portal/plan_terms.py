"""What a plan means, in words. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.models import Approval, Plan

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a plan."""

    name: str
    value: str
    meaning: str
    """What happens at the limit."""


def plan_terms(plan: Plan) -> tuple[Term, ...]:
    """Return what a plan says; a limit that it does not set is not listed, but for those that people look for."""
    return (_approval(plan), *_limits(plan))


def _approval(plan: Plan) -> Term:
    if plan.approval == Approval.AUTOMATIC:
        return Term("Approval", "at once", "You can receive as soon as you have subscribed.")
    return Term("Approval", "by the publisher", "You are told when somebody has decided.")


def _limits(plan: Plan) -> Iterator[Term]:
    yield Term("Quota", _quota(plan), "Requests and messages together; then 429 until the next period.")
    if plan.requests_per_second is not None:
        yield Term("Requests", f"{plan.requests_per_second:,} a second", "More are answered 429.")
    if plan.messages_per_second is not None:
        yield Term("Messages", f"{plan.messages_per_second:,} a second", "More come later, none is lost.")
    if plan.max_clients is not None:
        yield Term("Open streams", f"{plan.max_clients:,}", "One more is answered 429.")
    if plan.client_age_seconds is not None:
        age = spoken_seconds(plan.client_age_seconds)
        yield Term("A stream lasts", age, "Then it is closed, and you come back by your cursor.")
    if plan.replay_window_seconds is not None:
        window = spoken_seconds(plan.replay_window_seconds)
        yield Term("Replay", window, "How far back a cursor may reach.")
    if plan.max_endpoints is not None:
        yield Term("Webhook endpoints", f"{plan.max_endpoints:,}", "Of one app.")


def _quota(plan: Plan) -> str:
    return "without limit" if plan.quota is None else f"{plan.quota:,} a {plan.quota_period}"


def spoken_seconds(seconds: int) -> str:
    """Return a duration in the largest unit that gives a whole number: 7200 is `2 hours`."""
    name, size = next(unit for unit in _UNITS if seconds % unit[1] == 0)
    count = seconds // size
    if seconds == 0:
        name, count = "second", 0
    return f"{count:,} {name}{'' if count == 1 else 's'}"
