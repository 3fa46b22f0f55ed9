"""Pages of what has no view to answer: a failure of ours, a button's address that was opened as a page."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def failure(request: HttpRequest) -> HttpResponse:
    """Answer 500, and log under which request id the reader will ask; Django has logged what happened.

    The page is made without the request's context: what failed may be what fills it.
    """
    request_id = getattr(request, "request_id", "")
    logger.error("request %s failed", request_id)
    return HttpResponse(render_to_string("500.html", {"request_id": request_id}), status=500)


def explain_refused_method(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: give Django's answer 405, which is empty, a page.

    People meet it without a mistake of theirs: who was signed out presses a button, signs in, and is led back to
    where the button sends.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page

    return respond
