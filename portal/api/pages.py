"""Lists by keyset: newest first, each page begins after the last row of the one before, however long the list."""

import base64
import binascii
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from gateway.errors import Fault, InputError

DEFAULT_LIMIT: Final = 50
MOST: Final = 200

_Row = TypeVar("_Row")
_ModelRow = TypeVar("_ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """Some rows of a list, and where it goes on."""

    rows: list[_Row]
    next: str | None
    """The cursor of the next page; None: this is the last."""


class PageQuery(serializers.Serializer[Any]):
    """What every list takes."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(default="", allow_blank=True, help_text="`next` of the page before.")


def page_of_rows(queryset: "QuerySet[_ModelRow]", limit: int, cursor: str) -> Page[_ModelRow]:
    """Return the page after `cursor` of a query, by descending primary key. Raises InputError."""
    if cursor:
        queryset = queryset.filter(pk__lt=decode_cursor(cursor))
    rows = list(queryset.order_by("-pk")[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].pk) if more else None)


def encode_cursor(key: int) -> str:
    """Return the opaque form of a row's key."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """Return the key in a cursor. Raises InputError."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal() or len(text) > 18:
        remedy = "pass `next` of a page as it was given, or leave it out to begin anew"
        raise InputError(Fault("this cursor was not made here", "/cursor", "cursor", remedy))
    return int(text)


@cache
def page_serializer(item: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """Return the shape of a page of `item`, for the OpenAPI document: one for all lists of it."""
    fields = {"items": item(many=True), "next": serializers.CharField(allow_null=True)}
    return inline_serializer(name=f"{item.__name__.removesuffix('Serializer')}Page", fields=fields)
