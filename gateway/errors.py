"""Why a domain call does nothing: the caller's input is at fault, or the present state is."""

from dataclasses import dataclass

from streams.errors import SluiceError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was given."""

    message: str
    pointer: str = ""
    """Where: a JSON pointer (RFC 6901) into the input; empty: all of it."""
    code: str = "invalid"
    """For programs, constant."""
    remedy: str = ""
    """What to do about it."""
    line: int | None = None
    """Counted from 1, where the input is a text."""
    column: int | None = None
    """Counted from 1, in characters."""


class InputError(SluiceError):
    """The input cannot be used as it is; nothing was changed."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class RefusedError(SluiceError):
    """The input is good, but what it asks for is not possible as things stand; nothing was changed."""

    def __init__(self, message: str, *, code: str = "refused", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
