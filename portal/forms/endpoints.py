"""Forms of webhook endpoints."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms
from django.utils import timezone

from portal.forms.domain_form import DomainForm
from portal.forms.header_lines import read_headers
from portal.forms.moment_field import MomentField

USUAL_OVERLAP: Final = dt.timedelta(days=1)
KEY_BYTES: Final = (
    "Which bytes are the key: of a secret that begins with whsec_, what follows it, decoded from base64 (24 to 256 "
    "bytes). Of any other text, the text's own UTF-8 bytes, never decoded."
)
_URL_HELP: Final = (
    "We POST to it. Addresses inside private networks and of this server itself are refused, also where a name leads "
    "to one: nobody shall reach those through us."
)


class EndpointForm(DomainForm):
    """What an endpoint's developer decides, but for its secret."""

    places: ClassVar = {"/max_in_flight": "max_in_flight"}
    url = forms.CharField(
        max_length=2000,
        label="URL",
        help_text=_URL_HELP,
        widget=forms.URLInput(attrs={"placeholder": "https://your-receiver.example/hook"}),
    )
    event_types = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none to receive all that the app's subscriptions send, those of later subscriptions too.",
    )
    description = forms.CharField(max_length=250, required=False, help_text="For your colleagues.")
    headers = forms.CharField(
        required=False,
        max_length=5000,
        label="Headers of your own",
        widget=forms.Textarea(attrs={"rows": 3, "class": "code-input", "placeholder": "X-Api-Key: ..."}),
        help_text="Sent with each request, a line each, such as a password for your proxy. Their values are encrypted "
        "and not shown again.",
    )
    max_in_flight = forms.IntegerField(
        min_value=1,
        max_value=256,
        initial=16,
        label="Requests at once",
        help_text="How many may be open to your receiver at a time, from each worker. Fewer while it is slow.",
    )

    def __init__(self, data: Any, offered: Iterable[str], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["event_types"].choices = [(name, name) for name in offered]  # type: ignore[attr-defined]

    def clean_headers(self) -> dict[str, str]:
        """Return them by name. Raises ValidationError."""
        return read_headers(self.cleaned_data["headers"])


class NewEndpointForm(EndpointForm):
    """An endpoint, with its secret."""

    secret = forms.CharField(
        max_length=400,
        required=False,
        strip=False,
        label="HMAC secret",
        help_text=f"Leave it empty and we make one. {KEY_BYTES}",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("url", "secret", "event_types", "description", "headers", "max_in_flight")


class EndpointSettingsForm(EndpointForm):
    """An endpoint as it is to be from now on."""

    remove_headers = forms.BooleanField(required=False, label="Send no headers of your own any more")
    field_order = (
        "url",
        "event_types",
        "description",
        "headers",
        "remove_headers",
        "max_in_flight",
    )

    def __init__(
        self, data: Any, offered: Iterable[str], present_headers: Iterable[str], **options: Any
    ) -> None:
        super().__init__(data, offered, **options)
        names = ", ".join(sorted(present_headers))
        if not names:
            del self.fields["remove_headers"]
            return
        kept = f"Now sent: {names}. Leave this empty to keep them; what you write takes their place."
        self.fields["headers"].help_text = kept

    def clean(self) -> dict[str, Any]:
        """Return what is to change: headers only where they were written or are to go. Raises ValidationError."""
        values: dict[str, Any] = super().clean() or {}
        remove = values.pop("remove_headers", False)
        if remove and values.get("headers"):
            raise forms.ValidationError("Write new headers or remove those there are, not both.")
        if not remove and not values.get("headers"):
            values.pop("headers", None)
        return values


class SecretRotationForm(DomainForm):
    """A new signing secret, and until when the present ones sign beside it."""

    places: ClassVar = {"/overlap_seconds": "until"}
    secret = forms.CharField(
        max_length=400,
        required=False,
        strip=False,
        label="New HMAC secret",
        help_text=f"Leave it empty and we make one. {KEY_BYTES}",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    until = MomentField(
        label="The old secret signs too until (UTC)",
        initial=lambda: timezone.now() + USUAL_OVERLAP,
        help_text="Each request carries both signatures until then: 7 days at most. A time gone by ends it at once.",
    )

    def clean_until(self) -> dt.timedelta:
        """Return how long from now, as the domain call takes it."""
        until: dt.datetime = self.cleaned_data["until"]
        return max(until - timezone.now(), dt.timedelta())


class TestEventForm(DomainForm):
    """What a test sends."""

    event_type = forms.ChoiceField(
        required=False, label="Send", help_text="The example of an event type, signed as every delivery is."
    )

    def __init__(self, data: Any, offered: Iterable[str]) -> None:
        super().__init__(data)
        names = [(name, name) for name in offered]
        self.fields["event_type"].choices = [("", "A short test event"), *names]  # type: ignore[attr-defined]


class ReplayForm(DomainForm):
    """Since when."""

    since = MomentField(
        label="All that ran out of tries since (UTC)",
        initial=lambda: timezone.now() - dt.timedelta(days=1),
        help_text="By when the event was accepted. Each is tried once more; your receiver sees the same webhook-id.",
    )
