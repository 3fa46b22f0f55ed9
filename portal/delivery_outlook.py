"""Why a delivery is where it is, what happens next and when, and what its developer can do. Pure."""

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from webhooks.exchange import PUBLIC_TEXT, ErrorClass
from webhooks.models import Attempt, AttemptDecision, Delivery, DeliveryState, Due, Endpoint, EndpointState
from webhooks.retry import STANDARD_SCHEDULE, Forecast, forecast

_TRIES: Final = len(STANDARD_SCHEDULE) + 1
_REMEDIES: Final = {
    HTTPStatus.UNAUTHORIZED: "Your receiver refused the signature or wants a password: check its secret below, or give "
    "the endpoint a header of your own.",
    HTTPStatus.FORBIDDEN: "Your receiver, or a firewall before it, refused the request.",
    HTTPStatus.NOT_FOUND: "Nothing listens at this path of your receiver: check the endpoint's URL.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Your receiver does not take POST at this path: check the endpoint's URL.",
    HTTPStatus.GONE: "Your receiver said that it wants no more, so the endpoint was disabled.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Your receiver takes smaller bodies only: raise its limit.",
    HTTPStatus.TOO_MANY_REQUESTS: "Your receiver asked for a pause; its Retry-After is heeded.",
}
_BY_HUNDREDS: Final = {
    3: "A redirect is a failure and is not followed: set the endpoint's URL to where it leads.",
    4: "Your receiver takes the request to be wrong; its answer below may say why.",
    5: "Your receiver failed; its own log says why.",
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is told on top of a delivery's page."""

    tone: str
    """Of components/note.html."""
    title: str
    text: str


def outlook(delivery: Delivery, endpoint: Endpoint, due: Due | None, last: Attempt | None) -> Outlook:
    """Return why a delivery is where it is. due: its row in the queue; last: its last try."""
    if delivery.state == DeliveryState.DELIVERED:
        tries = "the first try" if delivery.attempts <= 1 else f"try {delivery.attempts}"
        return Outlook("good", "It arrived", f"By {tries}. Nothing follows; you can send it again.")
    if delivery.state == DeliveryState.CANCELLED:
        return Outlook("", "Cancelled", "Its endpoint was deleted before it could be delivered.")
    if delivery.state == DeliveryState.EXHAUSTED:
        return Outlook("bad", "It did not arrive", f"{_why(last)} {_exhausted(last)}")
    return _waiting(endpoint, due, last)


def _waiting(endpoint: Endpoint, due: Due | None, last: Attempt | None) -> Outlook:
    if endpoint.state != EndpointState.ENABLED:
        return Outlook("warn", f"The endpoint is {endpoint.state}", _held(endpoint))
    if due is not None and due.manual:
        return Outlook(
            "", "On its way again", f"Somebody asked for one more try: it is next. {_before(last)}"
        )
    if last is None:
        return Outlook("", "On its way", "It was not tried yet: it is next, or waits behind earlier ones.")
    when = "" if due is None else f" It is tried again {_moment(due.due_at)}."
    return Outlook("warn", "Not there yet", f"{_why(last)}{when}")


def coming_tries(due: Due | None, endpoint: Endpoint) -> list[Forecast]:
    """Return the tries to come if each fails; none while the endpoint is not sent to."""
    if due is None or endpoint.state != EndpointState.ENABLED:
        return []
    tries = forecast(due.attempts, due.due_at)
    return tries[:1] if due.manual else tries


def failure_text(attempt: Attempt) -> str:
    """Return what went wrong with a try, and what to do; empty: nothing did."""
    if attempt.error is not None:
        return PUBLIC_TEXT[ErrorClass(attempt.error)]
    if attempt.status is None or HTTPStatus.OK <= attempt.status < HTTPStatus.MULTIPLE_CHOICES:
        return ""
    known = {int(status): text for status, text in _REMEDIES.items()}
    return known.get(
        attempt.status, _BY_HUNDREDS.get(attempt.status // 100, "This is no success: 200 to 299 are.")
    )


def _why(attempt: Attempt | None) -> str:
    if attempt is None:
        return "It was never tried."
    answered = "" if attempt.status is None else f"Your receiver answered {attempt.status}. "
    return f"{answered}{failure_text(attempt)}"


def _before(last: Attempt | None) -> str:
    return _why(last) if last is None or failure_text(last) else "It arrived before."


def _exhausted(attempt: Attempt | None) -> str:
    if attempt is not None and attempt.decision == AttemptDecision.GONE:
        return "Nothing follows by itself: enable the endpoint, then send it again."
    return (
        f"All tries are used up ({_TRIES}, and those made by hand). Nothing follows by itself: send it again."
    )


def _held(endpoint: Endpoint) -> str:
    if endpoint.state == EndpointState.PAUSED:
        return "It goes out when you resume the endpoint."
    reason = f" ({endpoint.state_reason})" if endpoint.state_reason else ""
    return f"Nothing is sent{reason}. It goes out once you enable the endpoint."


def _moment(at: dt.datetime) -> str:
    return f"at {at:%H:%M:%S} UTC on {at:%Y-%m-%d}"
