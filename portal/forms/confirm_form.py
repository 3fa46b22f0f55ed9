"""The form behind what cannot be undone: its subject's name is typed first."""

from typing import Any

from django import forms

from portal.forms.domain_form import DomainForm


class ConfirmForm(DomainForm):
    """Valid once `typed` is the name, as a page shows it; without a name to type, always."""

    typed = forms.CharField(strip=True)

    def __init__(self, data: Any, *, name: str) -> None:
        super().__init__(data)
        self._name = _as_shown(name)
        if not self._name:
            del self.fields["typed"]
            return
        self.fields["typed"].label = f"Type {self._name} to confirm"
        self.fields["typed"].widget.attrs.update(autocomplete="off", autocapitalize="off", spellcheck="false")

    def clean_typed(self) -> str:
        """Return the name. Raises ValidationError for any other."""
        typed: str = self.cleaned_data["typed"]
        if _as_shown(typed) != self._name:
            raise forms.ValidationError(f"This is not {self._name}. Nothing was changed.")
        return typed


def _as_shown(name: str) -> str:
    """Return a name with its white space as HTML shows it: who reads it cannot type more of it."""
    return " ".join(name.split())
