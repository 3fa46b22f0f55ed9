"""A moment in UTC, as browsers have people choose one."""

from typing import Any

from django import forms


class MomentField(forms.DateTimeField):
    """A date and a time of day in UTC; the form's texts say so."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **options)
