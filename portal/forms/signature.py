"""What somebody pastes to find out why a signature does not verify."""

from typing import Final

from django import forms

MOST_CHARACTERS: Final = 1_000_000


class SignatureForm(forms.Form):
    """Headers, body and secret; none of it is kept."""

    headers = forms.CharField(
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "code-input", "spellcheck": "false"}),
        help_text="As your receiver got them; webhook-id, webhook-timestamp and webhook-signature are looked for.",
    )
    body = forms.CharField(
        max_length=MOST_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "code-input", "spellcheck": "false"}),
        help_text="Every character of it, before anything parsed it.",
    )
    secret = forms.CharField(
        max_length=400,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="It is used for this one check, and neither kept nor logged.",
    )
