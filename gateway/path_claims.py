"""Paths that two streams of one definition claim: of each only one stream would hear."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from gateway.routes import Purpose, claimed_paths
from streams.lint import CheckedStream

_BY_WEBSOCKET: Final = frozenset({Purpose.INGEST_WEBSOCKET, Purpose.WEBSOCKET})
_DEFAULTS: Final = frozenset({"/post", "/post/ws", "/get", "/get/stream", "/get/ws"})
"""Bento's: many a definition leaves them as they are in streams that are never called there."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two streams that would be called by the same requests."""

    first: str
    """Names of the streams."""
    second: str
    path: str

    @property
    def is_written(self) -> bool:
        """Tell whether somebody chose the path, rather than leave it as it is by default."""
        return self.path not in _DEFAULTS


@dataclass(frozen=True, slots=True)
class _Claim:
    stream: str
    path: str
    ways: frozenset[str]
    """The methods it takes; of a WebSocket, that alone."""

    @property
    def shape(self) -> list[str]:
        """What the path has in common with others that stand for the same: a parameter's name tells nothing."""
        return ["{}" if part.startswith("{") else part for part in self.path.split("/")]


def clashes(streams: Iterable[CheckedStream]) -> Iterator[Clash]:
    """The clashes between streams of one definition, in the order of the streams."""
    for one, other in combinations([claim for stream in streams for claim in _claims(stream)], 2):
        if one.stream != other.stream and one.shape == other.shape and one.ways & other.ways:
            yield Clash(one.stream, other.stream, one.path)


def _claims(stream: CheckedStream) -> Iterator[_Claim]:
    for component, purpose, path in claimed_paths(stream):
        by_websocket = purpose in _BY_WEBSOCKET
        ways = frozenset({"websocket"} if by_websocket else component.config["allowed_verbs"])
        yield _Claim(stream.name, path, ways)
