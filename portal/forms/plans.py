"""The form of a plan: its limits, who approves, what it costs."""

from typing import Any, Final

from django import forms

from gateway.models import Approval, Plan, QuotaPeriod
from portal.forms.domain_form import DomainForm

APPROVALS: Final = {
    Approval.AUTOMATIC: "Nobody: who subscribes receives at once",
    Approval.MANUAL: "A publisher, in the approvals inbox",
}
_MOST: Final = 2_147_483_647
_MOST_QUOTA: Final = 9_000_000_000_000_000


def _limit(label: str, help_text: str = "", most: int = _MOST) -> forms.IntegerField:
    return forms.IntegerField(min_value=0, max_value=most, required=False, label=label, help_text=help_text)


class PlanForm(DomainForm):
    """A plan; an empty limit is none."""

    name = forms.CharField(max_length=80, help_text="Such as Free or Partner.")
    description = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    price = forms.CharField(
        max_length=80, required=False, help_text="Shown as you write it; nothing is charged."
    )
    approval = forms.ChoiceField(
        choices=[(value.value, text) for value, text in APPROVALS.items()],
        widget=forms.RadioSelect,
        label="Who approves",
        initial=Approval.MANUAL.value,
    )
    quota = _limit("Quota", "Requests and messages together, in one period.", _MOST_QUOTA)
    quota_period = forms.ChoiceField(
        choices=[(QuotaPeriod.DAY.value, "A day (UTC)"), (QuotaPeriod.MONTH.value, "A calendar month (UTC)")],
        initial=QuotaPeriod.MONTH.value,
        label="Period of the quota",
    )
    requests_per_second = _limit("Requests a second", "More are answered 429.")
    messages_per_second = _limit("Messages a second", "More come later; none is lost.")
    max_clients = _limit("Open streams", "Of one app at a time.")
    client_age_seconds = _limit("Seconds a stream lasts", "Then it is closed, and its client comes back.")
    replay_window_seconds = _limit("Replay window in seconds", "How far back a cursor may reach.")
    max_endpoints = _limit("Webhook endpoints", "Of one app.")

    def __init__(self, data: Any, plan: Plan | None = None) -> None:
        names = list(type(self).base_fields)
        super().__init__(data, initial={} if plan is None else {name: getattr(plan, name) for name in names})
