"""Forms of apps."""

from typing import Any

from django import forms

from gateway.models import App
from portal.forms.domain_form import DomainForm


class AppForm(DomainForm):
    """An app's name and description."""

    name = forms.CharField(
        max_length=120, help_text="The program it stands for, such as dispatch-board. Publishers see it."
    )
    description = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your colleagues.",
    )


def values_of(app: App) -> dict[str, Any]:
    """Return what AppForm shows of an app."""
    return {"name": app.name, "description": app.description}
