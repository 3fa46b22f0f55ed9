"""The addresses under which a product's clients read or send, taken from the revisions that run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from django.conf import settings

from gateway.models import ApiDefinition, DefinitionState
from gateway.openness import is_open_definition
from gateway.reading import Delivery, delivery_of
from gateway.routes import Purpose, claimed_paths
from portal.components import definition_registry
from streams.openapi import StreamingDocument, check_document
from streams.spec import Kind, Rules

_USUAL_HEADER: Final = "X-API-Key"
_SHOWN_LIVE: Final = frozenset({Purpose.STREAM, Purpose.WEBSOCKET})


@dataclass(frozen=True, slots=True)
class OfferedStream:
    """One address of the gateway."""

    purpose: Purpose
    url: str
    is_open: bool
    """Anybody may call it, without a key."""
    key_header: str
    """Where callers' keys stand."""
    definition: str
    """The public id of the definition."""
    stream: str
    """Its name within the definition; a ticket is for one."""
    delivery: Delivery | None
    """Who gets a message; None: it takes messages, and gives none."""

    @property
    def is_shown_live(self) -> bool:
        """A console can read it as it is: it stays open, and its path has no parameters for a caller to fill."""
        return self.purpose in _SHOWN_LIVE and "{" not in self.url

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
        for path in served.paths:
            # Quoted, as readers paste it into a shell: a publisher's path could end the command there.
            url = base + quote(path.path, safe="/{}")
            yield OfferedStream(
                path.purpose,
                url,
                is_open,
                served.key_header,
                definition.public_id,
                path.stream,
                path.delivery,
            )


@dataclass(frozen=True, slots=True)
class _Path:
    """One path of a stream."""

    stream: str
    purpose: Purpose
    path: str
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class _Served:
    """What of a revision its clients need to know."""

    paths: tuple[_Path, ...] = ()
    key_header: str = ""


@lru_cache(maxsize=512)
def _served(document: str, dialect: str) -> _Served:
    """Revisions never change, so each is checked once in a process."""
    checked = check_document(document, definition_registry(), Rules(dialect=dialect)).document
    if checked is None:
        return _Served()
    return _Served(tuple(_paths(checked, dialect)), checked.key_places.header or _USUAL_HEADER)


def _paths(checked: StreamingDocument, dialect: str) -> Iterator[_Path]:
    for name, stream in checked.streams.items():
        for component, purpose, path in claimed_paths(stream):
            gives = component.spec.kind is Kind.OUTPUT
            yield _Path(name, purpose, path, delivery_of(stream, component, dialect) if gives else None)
