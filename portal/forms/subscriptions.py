"""Forms of subscriptions: the steps to one, and another plan for it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms

from gateway.models import App, Approval, Plan, SubscriptionState
from portal.forms.domain_form import DomainForm


class AppChoiceForm(DomainForm):
    """An app that is there, or the name of a new one."""

    places: ClassVar = {"/name": "new_name"}
    app = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    new_name = forms.CharField(
        max_length=120,
        required=False,
        label="Name of a new app",
        help_text="The program that will receive, such as dispatch-board.",
    )

    def __init__(self, data: Any, apps: Iterable[App], **options: Any) -> None:
        super().__init__(data, **options)
        choices = [(app.pk, app.name) for app in apps]
        self.fields["app"].choices = [("", "A new one, named below"), *choices]  # type: ignore[attr-defined]
        if not choices:
            del self.fields["app"]
            self.fields["new_name"].label, self.fields["new_name"].required = "Name of the app", True

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises ValidationError unless there is one answer."""
        values: dict[str, Any] = super().clean() or {}
        chosen, named = values.get("app"), values.get("new_name")
        if not self.errors and bool(chosen) == bool(named):
            raise forms.ValidationError(
                "Choose an app or name a new one, not both."
                if chosen
                else "Choose an app, or name a new one."
            )
        return values


class RequestForm(DomainForm):
    """What the publisher reads before they decide."""

    purpose = forms.CharField(
        max_length=2000,
        required=False,
        label="What you want it for",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The publisher reads this before they decide.",
    )

    def __init__(self, data: Any, plan: Plan) -> None:
        super().__init__(data)
        if plan.approval == Approval.AUTOMATIC:
            del self.fields["purpose"]
        else:
            self.fields["purpose"].required = True


class PlanChoiceForm(DomainForm):
    """Another plan of the same product, of those that nobody need approve."""

    plan = forms.TypedChoiceField(coerce=int, label="Go on under")

    def __init__(self, data: Any, plans: Iterable[Plan]) -> None:
        super().__init__(data)
        self.fields["plan"].choices = [(plan.pk, plan.name) for plan in plans]  # type: ignore[attr-defined]


class SubscriptionFilterForm(forms.Form):
    """Which ones a list shows."""

    state = forms.ChoiceField(
        choices=[("", "Any state"), *SubscriptionState.choices], required=False, label="State"
    )
