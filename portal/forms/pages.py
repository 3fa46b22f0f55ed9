"""The form of a documentation page."""

from typing import Any

from django import forms

from portal.forms.domain_form import DomainForm
from portal.models import Page


class NewPageForm(DomainForm):
    """A new page: its address is made of its title unless one is given."""

    title = forms.CharField(max_length=120)
    slug = forms.SlugField(
        max_length=80, required=False, label="Address", help_text="The last part of it, such as first-steps."
    )
    body = forms.CharField(
        max_length=100_000,
        required=False,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 22, "data-preview": "preview"}),
        help_text="Markdown, without HTML.",
    )


class PageForm(NewPageForm):
    """A page that is there."""

    slug = forms.SlugField(max_length=80, label="Address", help_text="Links to the old one will be broken.")
    position = forms.IntegerField(
        min_value=0, max_value=32_767, help_text="Pages stand in this order, the smallest first."
    )

    def __init__(self, data: Any, page: Page) -> None:
        names = list(type(self).base_fields)
        super().__init__(data, initial={name: getattr(page, name) for name in names})
