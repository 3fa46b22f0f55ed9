"""Messages in by POST and WebSocket: a request is answered when its stream's output has what it brought."""

from collections.abc import Mapping, Sequence

from gateway.call import Call
from gateway.routes import ActiveApi


class Ingest:
    """Runs the streams that begin with an `http_server` input, in this process, and answers their callers."""

    def __init__(self, services: Mapping[type, object]) -> None:
        """services: what components may ask their BuildContext for, besides their Connections."""
        self._services = services

    async def start(self) -> None:
        """Get ready to be told what is active."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Serve exactly these. What is unchanged goes on; what is changed or gone finishes its requests."""

    async def request(self, call: Call) -> None:
        """Answer one request to a `path`."""
        raise NotImplementedError

    async def websocket(self, call: Call) -> None:
        """Serve one WebSocket at a `ws_path`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Take nothing more, finish what was begun, and close all outputs."""
