"""`to_the_end`: one message of everything."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.scanners.scanner import MAX_MESSAGE, MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Kind


class ToTheEnd:
    """Keeps all bytes until they have ended."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        """Nothing yet."""
        self._size += len(data)
        if self._size > MAX_MESSAGE:
            raise ScanError(f"there are more than {MAX_MESSAGE} bytes, which is the most of one message")
        self._parts.append(data)
        return []

    def end(self) -> list[Message]:
        """The message."""
        return [Message(b"".join(self._parts))]


def _build(_config: Config, _context: BuildContext) -> MakeScanner:
    return lambda _name: ToTheEnd()


TO_THE_END: Final = ComponentSpec(
    Kind.SCANNER,
    "to_the_end",
    "Makes one message of everything, when it has ended.",
    _build,
    description=f"Up to {MAX_MESSAGE >> 20} MiB.",
    examples=({},),
)
