"""`/styleguide`: every component in every state, while SLUICE_DEBUG is on."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.page_requests import PageRequest
from portal.shown_once import ShownOnce

STATES = ("published", "deprecated", "approved", "requested", "suspended", "rejected", "pending", "disabled")


KEPT_TEXT = "It is kept as a digest only: copy it now, nobody can show it to you again."


class ExampleForm(forms.Form):
    """A field in each of its states."""

    address = forms.URLField(assume_scheme="https", help_text="Where signed events are sent.")
    name = forms.CharField(disabled=True, required=False, initial="Cannot be changed")


@require_safe
def styleguide(request: PageRequest) -> HttpResponse:
    """Show the components. Raises Http404 unless debugging."""
    if not settings.DEBUG:
        raise Http404
    context = {
        "states": STATES,
        "form": ExampleForm(),
        "faulty_form": ExampleForm({"address": "not an address"}),
        "long_name": "A-name-of-sixty-characters-that-breaks-what-is-not-careful-x",
        "code": 'curl -N -H "X-API-Key: $SLUICE_KEY" http://localhost:8080/orders/sse\n',
        "shown": ShownOnce("The new key of dispatch-board", "slk_an-example-that-opens-nothing", KEPT_TEXT),
        "tabs": ("curl", "Python", "JavaScript"),
    }
    return render(request, "styleguide.html", context)
