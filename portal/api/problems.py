"""Every error as `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from gateway.errors import Fault, InputError, RefusedError

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"


class PayloadTooLarge(exceptions.APIException):
    """The body is larger than any document that makes sense."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too_large"


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """Answer an exception of a view; DRF's exception handler."""
    set_rollback()
    request_id = getattr(context["view"], "request_id", "")
    if isinstance(error, exceptions.APIException):
        return _of_rest_framework(error, request_id)
    if isinstance(error, InputError):
        return problem(HTTPStatus.BAD_REQUEST, "invalid_input", str(error), request_id, error.faults)
    if isinstance(error, RefusedError):
        fault = Fault(str(error), "", error.code, error.remedy)
        return problem(HTTPStatus.CONFLICT, error.code, str(error), request_id, (fault,))
    status, code, detail = _of_django(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request %s failed", request_id, exc_info=error)
    return problem(status, code, detail, request_id)


def problem(
    status: HTTPStatus, code: str, detail: str, request_id: str, faults: tuple[Fault, ...] = ()
) -> Response:
    """Return a problem; its type is `urn:sluice:problem:<code>`."""
    body = {
        "type": f"urn:sluice:problem:{code.replace('_', '-')}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": request_id,
        "errors": [fault_body(fault) for fault in faults],
    }
    return Response(body, status=status, content_type=CONTENT_TYPE)


def fault_body(fault: Fault) -> dict[str, Any]:
    """Return a fault as problems and warnings show it."""
    return {
        "pointer": fault.pointer,
        "line": fault.line,
        "column": fault.column,
        "code": fault.code,
        "message": fault.message,
        "remedy": fault.remedy,
    }


def _of_rest_framework(error: exceptions.APIException, request_id: str) -> Response:
    status = HTTPStatus(error.status_code)
    if isinstance(error, exceptions.ValidationError):
        faults = tuple(_faults(error.detail, ""))
        detail = "; ".join(f"{fault.pointer or 'body'}: {fault.message}" for fault in faults)
        return problem(status, "invalid_input", detail, request_id, faults)
    response = problem(status, str(error.default_code), str(error.detail), request_id)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    return response


def _of_django(error: Exception) -> tuple[HTTPStatus, str, str]:
    if isinstance(error, Http404):
        return HTTPStatus.NOT_FOUND, "not_found", "There is nothing here, or it is not yours."
    if isinstance(error, PermissionDenied):
        return HTTPStatus.FORBIDDEN, "permission_denied", str(error)
    if isinstance(error, RequestDataTooBig):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is too large."
    if isinstance(error, SuspiciousOperation):
        return HTTPStatus.BAD_REQUEST, "bad_request", "The request is malformed."
    if isinstance(error, IntegrityError):
        return HTTPStatus.CONFLICT, "conflict", "Somebody made a conflicting change at the same moment."
    detail = "Sluice failed. The operator finds the request id in the log."
    return HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail


def _faults(detail: Any, pointer: str) -> Iterator[Fault]:
    """Flatten a serializer's errors: nested dicts and lists of texts with codes."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            own = pointer if key == "non_field_errors" else f"{pointer}/{_escaped(str(key))}"
            yield from _faults(inner, own)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _faults(inner, f"{pointer}/{place}" if isinstance(inner, dict) else pointer)
    else:
        yield Fault(str(detail), pointer, str(getattr(detail, "code", "invalid")))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
