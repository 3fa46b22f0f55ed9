"""Attributes of a subscription: what its publisher says of a subscriber, for streams to read as `$tyk_meta.<name>`."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.errors import Fault, InputError

MOST_ATTRIBUTES: Final = 20
LONGEST_TEXT: Final = 1000
"""Characters."""
_MOST: Final = 2**63
"""Numbers reach from minus this up to it: streams have whole ones in 64 bits."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_UNSHOWN: Final = frozenset({"Cc", "Cs"})
"""Unicode's categories of control characters and of halves of a character."""


def check_attributes(attributes: object) -> dict[str, object]:
    """Return attributes that are as they must be.

    They are an object of at most 20 members, each a text, a number or a boolean. Raises InputError with a fault for
    each member that is not; pointers begin with `/attributes`.
    """
    if not isinstance(attributes, Mapping):
        remedy = 'give members by name, such as {"team": "blue"}; none are {}'
        raise InputError(Fault("attributes are a JSON object", "/attributes", "invalid", remedy))
    if len(attributes) > MOST_ATTRIBUTES:
        message = f"a subscription has at most {MOST_ATTRIBUTES} attributes, these are {len(attributes)}"
        raise InputError(Fault(message, "/attributes", "too_many", "leave out those that no stream reads"))
    faults = [fault for name, value in attributes.items() for fault in _faults(name, value)]
    if faults:
        raise InputError(*faults)
    return dict(attributes)


def _faults(name: str, value: object) -> Iterator[Fault]:
    place = f"/attributes/{name.replace('~', '~0').replace('/', '~1')}"
    if not _NAME.fullmatch(name):
        remedy = "use up to 64 letters from A to Z, digits and _, the first no digit"
        yield Fault(f"{_quoted(name)} is no name of an attribute", place, "invalid_name", remedy)
    if isinstance(value, str):
        yield from _text_faults(name, value, place)
    elif isinstance(value, int | float):
        if not -_MOST <= value < _MOST:
            remedy = "give it as text where streams need it as it is"
            yield Fault(f"the number of {_quoted(name)} is too large", place, "out_of_range", remedy)
    else:
        message = f"{_quoted(name)} is neither text, number nor boolean"
        yield Fault(
            message, place, "invalid_type", "give text, a number, true or false; leave out what has no value"
        )


def _text_faults(name: str, value: str, place: str) -> Iterator[Fault]:
    if len(value) > LONGEST_TEXT:
        message = f"the text of {_quoted(name)} has {len(value)} characters, {LONGEST_TEXT} are allowed"
        yield Fault(message, place, "too_long", "shorten it")
    if any(unicodedata.category(each) in _UNSHOWN for each in value):
        message = f"the text of {_quoted(name)} holds a control character"
        yield Fault(message, place, "control_character", "leave out line ends, tabs and the like")


def _quoted(name: str) -> str:
    """A name as an error shows it: printable, and no longer than a line."""
    shown = name if len(name) <= 70 else f"{name[:70]}..."
    return ascii(shown) if not shown.isprintable() else f"'{shown}'"
