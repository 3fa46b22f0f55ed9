"""Who sends mail for streams. The one who does lives above: it knows who may be written to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from streams.spec import StreamIdentity


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail."""

    to: tuple[str, ...]
    """Addresses."""
    subject: str
    text: str


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, stream: StreamIdentity, letter: Letter) -> None:
        """Return when the mail server has it. Raises OutputError; RejectedMessageError: it may not be sent at all."""
