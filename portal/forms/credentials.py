"""Forms of API keys."""

import datetime as dt
from typing import ClassVar, Final

from django import forms
from django.utils import timezone

from portal.forms.domain_form import DomainForm
from portal.forms.moment_field import MomentField

USUAL_OVERLAP: Final = dt.timedelta(days=1)


class NewCredentialForm(DomainForm):
    """A key's name and end."""

    name = forms.CharField(
        max_length=120, required=False, help_text="Where it will be used, such as production or my laptop."
    )
    expires_at = MomentField(
        required=False, label="Expires (UTC)", help_text="Without a time, it works until you revoke it."
    )


class RotateCredentialForm(DomainForm):
    """Until when the old key works beside the new one."""

    places: ClassVar = {"/overlap_seconds": "until"}
    until = MomentField(
        label="The old key works until (UTC)",
        initial=lambda: timezone.now() + USUAL_OVERLAP,
        help_text="Time for you to put the new key in place: 30 days at most. A time gone by ends the old key at once.",
    )

    def clean_until(self) -> dt.timedelta:
        """Return how long from now, as the domain call takes it."""
        until: dt.datetime = self.cleaned_data["until"]
        return max(until - timezone.now(), dt.timedelta())
