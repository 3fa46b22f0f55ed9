"""Whether an endpoint is sent to: paused and resumed by its developer, disabled and enabled again."""

from typing import Final

from django.db import transaction

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import RefusedError
from webhooks.models import Endpoint, EndpointState, Lane

MOVES: Final[dict[EndpointState, frozenset[EndpointState]]] = {
    EndpointState.ENABLED: frozenset({EndpointState.PAUSED, EndpointState.DISABLED}),
    EndpointState.PAUSED: frozenset({EndpointState.ENABLED, EndpointState.DISABLED}),
    EndpointState.DISABLED: frozenset({EndpointState.ENABLED}),
}
"""The legal moves of an endpoint; any other is refused."""


def pause_endpoint(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Let deliveries gather until it is resumed. Raises RefusedError."""
    return _move(actor, endpoint, "endpoint.pause", EndpointState.PAUSED, "Paused by its developer.")


def enable_endpoint(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Resume a paused endpoint, or take a disabled one into use again with a clean record.

    Raises RefusedError when it is enabled already.
    """
    return _move(actor, endpoint, "endpoint.enable", EndpointState.ENABLED, "")


def disable_endpoint(actor: Actor, endpoint: Endpoint, reason: str) -> Endpoint:
    """Stop it: nothing gathers, for the reason given. Raises RefusedError."""
    return _move(actor, endpoint, "endpoint.disable", EndpointState.DISABLED, reason)


@transaction.atomic
def _move(actor: Actor, endpoint: Endpoint, verb: str, to: EndpointState, reason: str) -> Endpoint:
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    before = EndpointState(endpoint.state)
    if to not in MOVES[before]:
        raise RefusedError(f"the endpoint is {before} already", code="illegal_move")
    endpoint.state, endpoint.state_reason = to, reason
    if to is EndpointState.ENABLED:
        endpoint.failing_since = endpoint.warned_at = None
        Lane.objects.filter(endpoint=endpoint).update(failures=0, open_at=None)
    endpoint.save(update_fields=("state", "state_reason", "failing_since", "warned_at"))
    audit.record(actor, verb, endpoint, {"state": [before, to], "reason": [None, reason]})
    announce()
    return endpoint
