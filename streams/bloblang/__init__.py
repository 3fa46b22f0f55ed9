"""Bloblang, the mapping language of Bento and Tyk Streams, compiled to Python.

`compile` makes a Mapping of a text; `interpolate` makes a text with `${! }` in it ready to resolve.
"""

from streams.bloblang.errors import MappingError, ParseError
from streams.bloblang.interpolation import Interpolation, interpolate
from streams.bloblang.mapping import Mapping
from streams.bloblang.mapping import compile_mapping as compile  # noqa: A004 - the name users know from re.compile
from streams.bloblang.values import DELETED, NOTHING

__all__ = [
    "DELETED",
    "NOTHING",
    "Interpolation",
    "Mapping",
    "MappingError",
    "ParseError",
    "compile",
    "interpolate",
]
