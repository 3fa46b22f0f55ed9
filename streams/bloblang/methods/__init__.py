"""The methods of the language, one module per topic. Importing this package registers them."""

from streams.bloblang.methods import (
    arrays,
    coercion,
    encoding,
    general,
    iteration,
    objects,
    ordering,
    parsing,
    regexp,
    strings,
    timestamps,
)

__all__ = [
    "arrays",
    "coercion",
    "encoding",
    "general",
    "iteration",
    "objects",
    "ordering",
    "parsing",
    "regexp",
    "strings",
    "timestamps",
]
