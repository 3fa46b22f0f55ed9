"""The addresses under which a product's clients read, taken from the revisions that run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from gateway.models import ApiDefinition, DefinitionState
from gateway.openness import is_open_definition
from gateway.routes import Purpose, claimed_paths
from portal.components import definition_registry
from streams.openapi import check_document
from streams.spec import Rules


@dataclass(frozen=True, slots=True)
class OfferedStream:
    """One address of the gateway."""

    purpose: Purpose
    url: str
    is_open: bool
    """Anybody may call it, without a key."""

    @property
    def websocket_url(self) -> str:
        """The address with the scheme of a WebSocket: http becomes ws, https wss."""
        return self.url.replace("http", "ws", 1)


def offered_streams(definitions: Iterable[ApiDefinition]) -> Iterator[OfferedStream]:
    """The addresses of definitions (with active_revision selected) that run; drafts have none."""
    for definition in definitions:
        revision = definition.active_revision
        if definition.state != DefinitionState.ACTIVE or revision is None:
            continue
        for purpose, path in _paths(revision.document, definition.dialect):
            url = settings.GATEWAY_URL.rstrip("/") + definition.listen_path.rstrip("/") + path
            yield OfferedStream(purpose, url, is_open_definition(definition))


@lru_cache(maxsize=512)
def _paths(document: str, dialect: str) -> tuple[tuple[Purpose, str], ...]:
    """Revisions never change, so each is checked once in a process."""
    checked = check_document(document, definition_registry(), Rules(dialect=dialect)).document
    streams = () if checked is None else tuple(checked.streams.values())
    return tuple((purpose, path) for stream in streams for _, purpose, path in claimed_paths(stream))
