"""Forms of the quarantine: a message that is mended, and many that are decided at once."""

from typing import Any, Final

from django import forms

from gateway.models import QuarantineState
from portal.forms.domain_form import DomainForm

MOST_CHARACTERS: Final = 500_000
_LONGEST_KEY: Final = 18
DECISIONS: Final = {"retry": QuarantineState.RETRYING, "discard": QuarantineState.DISCARDED}


class EditedMessageForm(DomainForm):
    """A message as text; it is sent with the line ends that it came with."""

    content = forms.CharField(
        strip=False,
        required=False,
        max_length=MOST_CHARACTERS,
        label="Content",
        widget=forms.Textarea(attrs={"class": "code-input", "rows": 12, "spellcheck": "false"}),
        help_text="The stream gets it in the place of what came in, with the same metadata and identity.",
    )

    def __init__(self, data: Any, *, came_in: str) -> None:
        super().__init__(data, initial={"content": came_in})
        self._line_end = "\r\n" if "\r\n" in came_in else "\n"

    def clean_content(self) -> bytes:
        """Return the message's bytes."""
        text: str = self.cleaned_data["content"]
        return text.replace("\r\n", "\n").replace("\n", self._line_end).encode()


class ManyMessagesForm(DomainForm):
    """Which messages of a page, and what becomes of them."""

    decision = forms.ChoiceField(choices=[(name, name) for name in DECISIONS])

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        asked = [
            value for value in data.getlist("messages") if value.isdecimal() and len(value) <= _LONGEST_KEY
        ]
        self.fields["messages"] = forms.TypedMultipleChoiceField(
            coerce=int, label="Messages", choices=[(value, value) for value in asked]
        )

    def clean_decision(self) -> QuarantineState:
        """Return where the messages go."""
        return DECISIONS[self.cleaned_data["decision"]]
