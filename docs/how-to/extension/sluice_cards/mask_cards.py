"""`mask_cards`: writes stars over the card numbers in a message."""

import re
from collections.abc import Iterable

from streams.message import Failure, Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules

_DIGITS = re.compile(r"(?<!\d)\d{13,19}(?!\d)")


def is_card(digits: str) -> bool:
    """Tell whether digits add up as those of cards do (Luhn's formula)."""
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0


class MaskCards:
    """Changes the text of each message; messages without a card number pass as they are."""

    def __init__(self, keep: int, stage: str) -> None:
        self._keep = keep
        self._stage = stage

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch, in order. A message that is not text carries an error; it is never raised."""
        return [[self._masked(message) for message in messages]]

    def _masked(self, message: Message) -> Message:
        try:
            text = message.content.decode()
        except UnicodeDecodeError as error:
            flagged = message.copy()
            flagged.error = Failure(f"the message is not text: {error}", self._stage)
            return flagged
        masked = _DIGITS.sub(self._stars, text)
        return message if masked == text else message.replaced(masked.encode())

    def _stars(self, found: re.Match[str]) -> str:
        digits = found[0]
        shown = len(digits) - self._keep
        return "*" * shown + digits[shown:] if is_card(digits) else digits


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not 0 <= config["keep"] <= 4:
        yield Problem(
            ("keep",), "wrong_value", "keep is between 0 and 4", "rules for cards allow the last four"
        )


def _build(config: Config, context: BuildContext) -> MaskCards:
    return MaskCards(config["keep"], context.stage)


MASK_CARDS = ComponentSpec(
    Kind.PROCESSOR,
    "mask_cards",
    "Writes stars over card numbers.",
    _build,
    fields=(Field("keep", FieldType.INT, "Digits at the end that stay, 0 to 4.", default=4),),
    examples=({}, {"keep": 0}),
    check=_check,
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
