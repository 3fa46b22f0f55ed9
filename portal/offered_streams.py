"""The addresses under which a product's clients read, taken from the revisions that run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from django.conf import settings

from gateway.models import ApiDefinition, DefinitionState
from gateway.openness import is_open_definition
from gateway.routes import Purpose, claimed_paths
from portal.components import definition_registry
from streams.openapi import check_document
from streams.spec import Rules

_USUAL_HEADER: Final = "X-API-Key"


@dataclass(frozen=True, slots=True)
class OfferedStream:
    """One address of the gateway."""

    purpose: Purpose
    url: str
    is_open: bool
    """Anybody may call it, without a key."""
    key_header: str
    """Where callers' keys stand."""

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
        served = _served(revision.document, definition.dialect)
        base = settings.GATEWAY_URL.rstrip("/") + definition.listen_path.rstrip("/")
        is_open = is_open_definition(definition)
        for purpose, path in served.paths:
            # Quoted, as readers paste it into a shell: a publisher's path could end the command there.
            url = base + quote(path, safe="/{}")
            yield OfferedStream(purpose, url, is_open, served.key_header)


@dataclass(frozen=True, slots=True)
class _Served:
    """What of a revision its clients need to know."""

    paths: tuple[tuple[Purpose, str], ...] = ()
    key_header: str = ""


@lru_cache(maxsize=512)
def _served(document: str, dialect: str) -> _Served:
    """Revisions never change, so each is checked once in a process."""
    checked = check_document(document, definition_registry(), Rules(dialect=dialect)).document
    if checked is None:
        return _Served()
    claims = (claim for stream in checked.streams.values() for claim in claimed_paths(stream))
    paths = tuple((purpose, path) for _, purpose, path in claims)
    return _Served(paths, checked.key_places.header or _USUAL_HEADER)
