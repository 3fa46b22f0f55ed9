"""The page of a failure of ours."""

import logging

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def failure(request: HttpRequest) -> HttpResponse:
    """Answer 500, and log under which request id the reader will ask; Django has logged what happened.

    The page is made without the request's context: what failed may be what fills it.
    """
    request_id = getattr(request, "request_id", "")
    logger.error("request %s failed", request_id)
    return HttpResponse(render_to_string("500.html", {"request_id": request_id}), status=500)
