"""`email`: writes to people, no more often than they can bear."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.errors import OutputError, RejectedMessageError
from streams.mailer import Letter, Mailer
from streams.message import Message
from streams.outputs.attempt import raise_for
from streams.rate_limits.rate_limit import RateLimit
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
    StreamIdentity,
)

MAX_SUBJECT: Final = 200
_LEFT_OUT: Final = "\n\n{count} mails before this one were left out, as there were too many.\n"


class Email:
    """Sends a mail for each message; what the limit does not allow is left out, and the next mail says how many."""

    def __init__(
        self, mailer: Mailer, stream: StreamIdentity, limit: RateLimit, parts: Sequence[Interpolation]
    ) -> None:
        """parts: subject and text, then the addresses."""
        self._mailer = mailer
        self._stream = stream
        self._limit = limit
        self._subject, self._text, *self._to = parts
        self._left_out = 0
        # What was granted to a mail that could not be sent is good for the next try.
        self._granted = False
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        """The mail server is called for each mail."""

    async def write(self, messages: list[Message]) -> None:
        """Return when all are sent or left out. Raises BatchError."""
        errors: dict[int, Exception] = {}
        for at in range(len(messages)):
            try:
                await self._write(messages, at)
            except OutputError as error:
                errors[at] = error
        raise_for(errors)

    async def close(self) -> None:
        """Nothing is open."""

    async def _write(self, messages: list[Message], at: int) -> None:
        try:
            letter = self._letter(messages, at)
        except MappingError as error:
            raise RejectedMessageError(f"the mail cannot be written: {error.text}") from error
        async with self._turn:
            if not self._granted and await self._limit.access(len(letter.text)) > 0:
                self._left_out += 1
                return
            self._granted = True
            more = _LEFT_OUT.format(count=self._left_out) if self._left_out else ""
            await self._mailer.send(self._stream, Letter(letter.to, letter.subject, letter.text + more))
            self._left_out, self._granted = 0, False

    def _letter(self, messages: list[Message], at: int) -> Letter:
        to = tuple(address.resolve(messages, at).strip() for address in self._to)
        # A subject is one line: a second one would be another header.
        subject = " ".join(self._subject.resolve(messages, at).split())[:MAX_SUBJECT]
        return Letter(to, subject, self._text.resolve(messages, at))


def _build(config: Config, context: BuildContext) -> Email:
    mailer: Mailer = context.service(Mailer)  # type: ignore[type-abstract]
    texts = (config["subject"], config["text"], *config["to"])
    limit = context.resource(config["rate_limit"])
    return Email(mailer, context.stream, limit, [bloblang.interpolate(text) for text in texts])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["to"]:
        yield Problem(("to",), "missing_field", "a mail goes to somebody", "add an address")


EMAIL: Final = ComponentSpec(
    Kind.OUTPUT,
    "email",
    "Sends a mail for each message, as often as a rate limit allows.",
    _build,
    fields=(
        Field(
            "to",
            FieldType.STRING,
            "Addresses: of members of the organization that the definition belongs to.",
            shape=Shape.LIST,
            interpolated=True,
        ),
        Field("subject", FieldType.STRING, "The subject.", interpolated=True),
        Field("text", FieldType.STRING, "The text.", default="${! content() }", interpolated=True),
        Field("rate_limit", FieldType.RATE_LIMIT, "The label of the rate limit."),
    ),
    description="An output of Sluice's own. What the rate limit does not allow is left out, and the next mail says how "
    "many were: an alarm that rings a thousand times is none. A mail server that is away is tried again.",
    check=_check,
    examples=(
        {
            "to": ["on-call@shop.example"],
            "subject": "Card ${! this.key } was emptied",
            "text": "${! this.format_json() }",
            "rate_limit": "limit",
        },
    ),
)
