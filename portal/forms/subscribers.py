"""Forms by which a publisher decides on subscriptions."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from gateway.models import Plan, Subscription, SubscriptionState
from gateway.subscription_attributes import MOST_ATTRIBUTES
from gateway.subscriptions import APPROVE, REJECT, RESUME, SUSPEND, Verb
from portal.forms.domain_form import DomainForm
from portal.forms.json_field import JsonField

VERBS: Final[dict[str, Verb]] = {"approve": APPROVE, "reject": REJECT, "suspend": SUSPEND, "resume": RESUME}
"""What a publisher may decide, by the value of its button."""
_EXPLAINED: Final = frozenset({"reject", "suspend"})


def verbs_for(subscription: Subscription) -> list[str]:
    """Return what may be decided on a subscription as it is."""
    state = SubscriptionState(subscription.state)
    return [name for name, verb in VERBS.items() if state in verb.of]


class DecisionForm(DomainForm):
    """A decision and its reason; who is told no is told why."""

    verb = forms.ChoiceField(choices=[(name, name) for name in VERBS], widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The developer reads it. To reject or suspend takes one.",
    )

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises nothing; a no without a reason is an error beside it."""
        values = super().clean() or {}
        if values.get("verb") in _EXPLAINED and not values.get("reason"):
            self.add_error("reason", "Say why: the developer reads it and can act on it.")
        return values


class PlanAssignmentForm(DomainForm):
    """Another plan, given by the publisher."""

    plan = forms.ModelChoiceField(queryset=Plan.objects.none(), empty_label="Choose a plan")

    def __init__(self, data: Any, plans: "QuerySet[Plan]") -> None:
        super().__init__(data)
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]
        self.fields["plan"].label_from_instance = lambda plan: plan.name  # type: ignore[attr-defined]


class AttributesForm(DomainForm):
    """All attributes of a subscription."""

    attributes = JsonField(
        required=False,
        rows=6,
        label="Attributes as JSON",
        help_text=f'Names with text, numbers, true or false, {MOST_ATTRIBUTES} at most, such as {{"team": "blue"}}. '
        "Those left out are gone.",
    )

    def clean_attributes(self) -> Any:
        """Return the value that was written; an empty field is no attributes."""
        value = self.cleaned_data["attributes"]
        return {} if value is None else value


class SubscriberFilterForm(forms.Form):
    """Which subscribers are listed."""

    state = forms.ChoiceField(
        choices=[("", "Any state"), *SubscriptionState.choices], required=False, label="State"
    )
