"""Forms of a definition: its document, why it is activated, where it is rolled back to."""

from typing import Any, ClassVar, Final

from django import forms

from gateway.errors import Fault
from portal.forms.domain_form import DomainForm
from portal.shown_findings import ShownFindings, shown_findings

MOST_CHARACTERS: Final = 1_000_000
"""Of a document; as many bytes as Django takes in a form would not hold more."""
_EDITOR: Final = {
    "wrap": "off",
    "spellcheck": "false",
    "autocapitalize": "off",
    "autocomplete": "off",
    "data-editor": True,
}


class DefinitionForm(DomainForm):
    """A document, and whether it is to run at once. What is wrong with it is in `findings`, with its lines."""

    document = forms.CharField(
        strip=False, max_length=MOST_CHARACTERS, widget=forms.Textarea(attrs=_EDITOR), label="Document"
    )
    activate = forms.BooleanField(required=False, widget=forms.HiddenInput)
    base = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    """The digest of the document that was shown."""

    places: ClassVar = {"": "document"}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._faults: list[Fault] = []
        self._document = ""

    def clean_document(self) -> str:
        """Return the document with the line ends it was written with: browsers send them as CR LF."""
        document: str = self.cleaned_data["document"]
        self._document = document.replace("\r\n", "\n")
        return self._document

    def show(self, *faults: Fault) -> None:
        """Keep faults for `findings`, too."""
        self._faults += faults
        super().show(*faults)

    @property
    def findings(self) -> ShownFindings:
        """What the domain call found in the document."""
        return shown_findings(self._document, self._faults)


class ActivationForm(DomainForm):
    """Why a definition is activated."""

    note = forms.CharField(
        max_length=200,
        required=False,
        label="Note",
        help_text="For the list of revisions: what this one changes.",
    )
