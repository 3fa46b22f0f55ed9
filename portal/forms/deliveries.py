"""Which deliveries a list shows."""

import re
from typing import Any, Final

from django import forms

from portal.forms.moment_field import MomentField
from webhooks.history import DeliveryFilter
from webhooks.models import DeliveryState

_ID: Final = re.compile(r"msg_[0-9a-f]{32}|dlv_[0-9]{1,18}")


class DeliveryFilterForm(forms.Form):
    """State, event type, time and id; each is in the page's address."""

    state = forms.TypedChoiceField(
        choices=[("", "Any state"), *((state.label, state.label.capitalize()) for state in DeliveryState)],
        required=False,
        label="State",
    )
    event_type = forms.CharField(max_length=127, required=False, label="Event type")
    since = MomentField(required=False, label="Accepted since (UTC)")
    until = MomentField(required=False, label="Accepted before (UTC)")
    id = forms.CharField(max_length=40, required=False, label="Message or delivery")

    def clean_id(self) -> str:
        """Return `msg_...` or `dlv_...`. Raises ValidationError."""
        text: str = self.cleaned_data["id"]
        if text and not _ID.fullmatch(text):
            raise forms.ValidationError(
                "Give a webhook-id (msg_ and 32 digits) or a delivery (dlv_ and a number)."
            )
        return text

    @property
    def wanted(self) -> DeliveryFilter:
        """What the checked values ask for, but for `id`."""
        values: dict[str, Any] = self.cleaned_data
        states = [state for state in DeliveryState if state.label == values["state"]]
        return DeliveryFilter(tuple(states), values["event_type"] or None, values["since"], values["until"])
