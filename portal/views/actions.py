"""How pages do things: a form that is shown again, a button that answers by redirect, a step that is confirmed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from gateway.errors import InputError, RefusedError
from portal.forms.confirm_form import ConfirmForm
from portal.forms.domain_form import failed_call_text


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody is asked before a step that cannot be undone."""

    title: str
    """A question, such as `Delete dispatch-board?`"""
    text: str
    """What will be gone, or stop, and for whom."""
    action: str
    """The button: a verb."""
    back: str
    """Where one goes who would rather not: a path."""
    name: str = ""
    """What must be typed; empty: a click is enough."""


def show_form(
    request: HttpRequest, template: str, form: BaseForm, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Answer with the page of a form, as `form` in its context: 422 (RFC 9110) where it has errors, else 200."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
    return render(request, template, {"form": form, **(context or {})}, status=status)


def perform(request: HttpRequest, call: Callable[[], object], *, said: str, to: str) -> HttpResponse:
    """Make the one domain call behind a button and go on to `to`, with `said` as a toast, or why it was refused."""
    try:
        call()
    except (InputError, RefusedError) as error:
        messages.error(request, failed_call_text(error))
    else:
        messages.success(request, said)
    return redirect(to)


def confirm(
    request: HttpRequest, asked: Confirmation, call: Callable[[], object], *, said: str, to: str
) -> HttpResponse:
    """Ask first (GET), then make the one domain call (POST) and go on to `to` with `said` as a toast.

    A link to this page with `data-dialog` asks in a dialog where there is JavaScript.
    """
    form = ConfirmForm(request.POST if request.method == "POST" else None, name=asked.name)
    if form.is_bound and form.attempt(lambda _: call()):
        messages.success(request, said)
        return redirect(to)
    return show_form(request, "confirm.html", form, {"asked": asked})
