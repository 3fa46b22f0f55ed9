"""Lists on pages by keyset: each part begins after the last row of the one before, however long the list."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

PAGE_SIZE: Final = 50
PARAMETER: Final = "after"
"""The query parameter that holds the cursor; all others are filters, and kept."""

_Row = TypeVar("_Row")
_ModelRow = TypeVar("_ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class ListPage(Generic[_Row]):
    """Some rows of a list, for components/pagination.html."""

    rows: list[_Row]
    next: str
    """The query string of what follows; empty: nothing does."""
    first: str
    """The query string of the beginning; empty: this is it."""


def list_page(
    request: HttpRequest,
    queryset: "QuerySet[_ModelRow]",
    order: tuple[str, ...] = ("-pk",),
    size: int = PAGE_SIZE,
) -> ListPage[_ModelRow]:
    """Return the rows after `?after=` in this order, whose last field is unique; no field may hold NULL.

    Raises Http404 for a cursor that was not made here.
    """
    cursor = request.GET.get(PARAMETER, "")
    if cursor:
        queryset = _behind(queryset, order, decode_cursor(cursor, len(order)))
    rows = list(queryset.order_by(*order)[: size + 1])
    last = (
        [str(getattr(rows[size - 1], name.removeprefix("-"))) for name in order] if len(rows) > size else []
    )
    return page_of(request, rows[:size], encode_cursor(last) if last else "")


def page_of(request: HttpRequest, rows: list[_Row], cursor: str) -> ListPage[_Row]:
    """Return rows that were found by other means as a page; `cursor`: what `?after=` brings the next, or empty."""
    is_first = not request.GET.get(PARAMETER)
    return ListPage(
        rows,
        next=with_parameter(request, PARAMETER, cursor) if cursor else "",
        first="" if is_first else with_parameter(request, PARAMETER, ""),
    )


def with_parameter(request: HttpRequest, name: str, value: str) -> str:
    """Return the request's query string, from `?` on, with another value of one parameter; empty: without it."""
    changed = request.GET.copy()
    changed.pop(name, None)
    if value:
        changed[name] = value
    return f"?{changed.urlencode()}"


def encode_cursor(values: list[str]) -> str:
    """Return the opaque form of a row's place."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[str]:
    """Return the values in a cursor. Raises Http404 unless they are `length` texts."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        good = isinstance(values, list) and len(values) == length and all(map(_is_storable, values))
    except (binascii.Error, ValueError, RecursionError):
        good = False
    if not good:
        raise Http404
    return list(values)


def _is_storable(value: object) -> bool:
    """Tell whether PostgreSQL can compare with it. Raises UnicodeEncodeError for half a surrogate pair."""
    return isinstance(value, str) and b"\0" not in value.encode()


def _behind(
    queryset: "QuerySet[_ModelRow]", order: tuple[str, ...], values: list[str]
) -> "QuerySet[_ModelRow]":
    """The rows that come after these values. Raises Http404 for values that such fields cannot have."""
    try:
        return queryset.filter(reduce(Q.__or__, _alternatives(order, values)))
    except (ValueError, ValidationError):
        raise Http404 from None


def _alternatives(order: tuple[str, ...], values: list[str]) -> Iterator[Q]:
    """Greater in one field, and equal in those before it."""
    names = [name.removeprefix("-") for name in order]
    for place, name in enumerate(names):
        comparison = "lt" if order[place].startswith("-") else "gt"
        yield Q(**dict(zip(names[:place], values, strict=False)), **{f"{name}__{comparison}": values[place]})
