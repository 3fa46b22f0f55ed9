"""The form that tries a document: on how many messages of which topic."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms

from gateway.dry_runs import MOST_MESSAGES
from gateway.errors import Fault
from portal.forms.definition import DefinitionForm

_AS_WRITTEN: Final = ("", "As the document says")


class DryRunForm(DefinitionForm):
    """A document, and what it is tried on. What is wrong with it is in `findings`; the rest stands at its fields."""

    messages = forms.TypedChoiceField(
        choices=[(number, str(number)) for number in range(1, MOST_MESSAGES + 1)],
        coerce=int,
        initial=5,
        label="Last messages",
    )
    stream = forms.CharField(required=False, max_length=200, label="Stream")
    connection = forms.CharField(required=False, max_length=60, label="Connection")
    topic = forms.CharField(required=False, max_length=249, label="Topic")

    places: ClassVar = {}

    def __init__(
        self, data: Any = None, *, streams: Iterable[str], connections: Iterable[str], topics: Iterable[str]
    ) -> None:
        """streams: of the document, of which one is chosen where there are several; topics: that it reads; connections:
        that it may name.
        """
        super().__init__(data)
        self.streams = tuple(streams)
        self.fields["stream"].widget = forms.Select(choices=_choices(self.streams)[len(self.streams) > 1 :])
        self.fields["connection"].widget = forms.Select(choices=_choices(connections))
        self.fields["topic"].widget.attrs |= {"placeholder": "As the document says", "list": "try-topics"}
        self.topics = tuple(topics)

    def show(self, *faults: Fault) -> None:
        """Keep what stands in the document for `findings`; the rest is about what it is tried on."""
        inside = [fault for fault in faults if fault.line is not None]
        if inside:
            self._faults += inside
            self.add_error("document", "The document has errors. Mend what stands here first.")
        super(DefinitionForm, self).show(*(fault for fault in faults if fault.line is None))


def _choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [_AS_WRITTEN, *((name, name) for name in names)]
