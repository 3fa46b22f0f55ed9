"""How an endpoint is, why, what happens next, and what to do about it. Pure."""

import datetime as dt
from dataclasses import dataclass

from webhooks.health import DISABLE_AFTER
from webhooks.models import Endpoint, EndpointState


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is told on top of an endpoint's page."""

    tone: str
    """Of components/note.html."""
    title: str
    text: str


def endpoint_health(endpoint: Endpoint) -> str:
    """Return how an endpoint is: paused, disabled, failing or healthy."""
    if endpoint.state != EndpointState.ENABLED:
        return endpoint.state
    return "healthy" if endpoint.failing_since is None else "failing"


def outlook(endpoint: Endpoint, now: dt.datetime) -> Outlook | None:
    """Return what its developer has to know; None: all is well."""
    if endpoint.state == EndpointState.PAUSED:
        return Outlook("warn", "Paused", "Nothing is sent. Events gather, and go out when you resume it.")
    if endpoint.state == EndpointState.DISABLED:
        text = (
            f"{endpoint.state_reason or 'Somebody disabled it'}. Nothing is sent, and no new events gather. Mend your "
            "receiver, send a test event, then enable the endpoint; what ran out of tries is replayed below."
        )
        return Outlook("bad", "Disabled", text[:1].upper() + text[1:])
    if endpoint.failing_since is None:
        return None
    return Outlook("warn", "Failing", _failing(endpoint.failing_since, now))


def _failing(since: dt.datetime, now: dt.datetime) -> str:
    end = since + DISABLE_AFTER
    when = f"{end:%Y-%m-%d %H:%M} UTC" if end > now else "soon"
    return (
        f"Every try failed since {since:%Y-%m-%d %H:%M} UTC; each event is tried again for three days. One delivery "
        f"that arrives ends this. If none does and an event runs out of tries, the endpoint is disabled {when}."
    )
