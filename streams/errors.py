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


class EndOfInput(SluiceError):
    """An input has nothing more to give, now or later."""


class OutputError(SluiceError):
    """An output did not take a batch; the batch goes back to its input."""
