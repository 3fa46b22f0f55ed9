"""The errors of the engine: each says what is wrong, where, and whose fault it is."""

from dataclasses import dataclass


class SluiceError(Exception):
    """The root of every error Sluice raises on purpose."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text somebody wrote."""

    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in characters."""


class ConfigError(SluiceError):
    """A stream definition cannot be used as it stands; its author can mend it."""


class ConnectError(SluiceError):
    """A broker or service could not be reached; trying again later may help."""


class EndOfInput(SluiceError):  # noqa: N818  # an end, not a fault
    """An input has nothing more to give, now or later."""


class OutputError(SluiceError):
    """An output did not take a batch; the batch goes back to its input."""


class UnknownConnectionError(ConfigError):
    """A definition names a broker that the operator did not allow its organization to use."""


class BatchError(OutputError):
    """Some messages of a batch were not taken; the others were."""

    def __init__(self, errors: dict[int, Exception]) -> None:
        """errors: what went wrong, by the message's place in the batch."""
        self.errors = errors
        first = next(iter(errors.values()))
        super().__init__(f"{len(errors)} of the messages were not taken, the first because: {first}")


class RejectedMessageError(OutputError):
    """The message itself cannot be sent, now or later: trying again would change nothing."""


class TooLargeError(RejectedMessageError):
    """The message is larger than the output takes."""


class OutputBusyError(OutputError):
    """The output has no room now; trying again in a moment may help."""


class StreamStoppedError(OutputError):
    """The stream ended before the message was dealt with; its input will offer it again."""
