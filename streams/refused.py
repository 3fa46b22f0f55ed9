"""Fields that this version does not act on, as Bento has them.

A configuration that writes the defaults out, as `bento create` does, asks for nothing and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streams.spec import Field, FieldType

_TRACING: Final = "streams are not traced in this version of Sluice"
_TYPES: Final = {bool: FieldType.BOOL, int: FieldType.INT, str: FieldType.STRING}


def refused_group(name: str, summary: str, why: str, defaults: Mapping[str, Any]) -> Field:
    """A group in which any value but the default is refused.

    defaults: by name; an object that is not empty is a group itself.
    """
    children = tuple(_child(key, value, why) for key, value in defaults.items())
    return Field(name, FieldType.OBJECT, summary, default={}, children=children, secret=True)


def tracing(name: str) -> Field:
    """A field of Bento's tracing, which is refused."""
    return Field(name, FieldType.ANY, "Part of tracing.", default=None, refused=_TRACING)


def _child(name: str, default: Any, why: str) -> Field:
    if isinstance(default, dict) and default:
        return refused_group(name, "Settings of it.", why, default)
    kind = _TYPES.get(type(default), FieldType.ANY)
    return Field(name, kind, "A setting of it.", default=default, refused=why, secret=True)
