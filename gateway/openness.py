"""Open definitions: those anybody may call without a key, and where that is refused."""

from collections.abc import Iterable

from gateway.errors import Fault, InputError
from gateway.models import ApiDefinition
from streams.openapi import is_open


def is_open_definition(definition: ApiDefinition) -> bool:
    """Tell whether anybody may call it, as it is saved or as it runs."""
    revision = definition.active_revision
    texts = {definition.document} if revision is None else {definition.document, revision.document}
    return any(is_open(text, definition.dialect) for text in texts)


def require_keys(definitions: Iterable[ApiDefinition], pointer: str = "/definitions") -> None:
    """Refuse open definitions where a plan limits who may call. Raises InputError, with a fault for each."""
    faults = [
        Fault(
            f"anybody may call {definition} without a key: no plan would limit that",
            f"{pointer}/{place}",
            "open_definition",
            "set x-tyk-api-gateway.server.authentication.enabled to true in it",
        )
        for place, definition in enumerate(definitions)
        if is_open_definition(definition)
    ]
    if faults:
        raise InputError(*faults)
