"""Products by words and facets, each value of a facet with how many products it would leave."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from gateway.models import ApiDefinition, EventType, Lifecycle, Product
from gateway.routes import Purpose

WEBHOOK: Final = "webhook"
WAYS: Final = {WEBHOOK: "Webhook", "sse": "SSE", "websocket": "WebSocket", "get": "GET", "post": "POST"}
"""Ways to consume, or to send, as a query names them; in the order they are shown."""
_PURPOSES: Final = {
    "sse": frozenset({Purpose.STREAM}),
    "websocket": frozenset({Purpose.WEBSOCKET}),
    "get": frozenset({Purpose.POLL}),
    "post": frozenset({Purpose.INGEST, Purpose.INGEST_WEBSOCKET}),
}
LIFECYCLES: Final = {Lifecycle.PUBLISHED.value: "Published", Lifecycle.DEPRECATED.value: "Deprecated"}
_MOST_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody looks for; an empty value leaves all."""

    words: str = ""
    publisher: str = ""
    """The slug of an organization."""
    way: str = ""
    lifecycle: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What of a product its facets count."""

    publisher: str
    publisher_name: str
    lifecycle: str
    ways: frozenset[str]

    def fits(self, choice: Choice) -> bool:
        """Tell whether it is among what a choice of facets leaves."""
        return (
            choice.publisher in ("", self.publisher)
            and choice.lifecycle in ("", self.lifecycle)
            and (not choice.way or choice.way in self.ways)
        )


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value to choose."""

    value: str
    text: str
    count: int
    """Of the products that are left once it is chosen, beside what else is chosen."""


@dataclass(frozen=True, slots=True)
class Facets:
    """All of them, for one choice."""

    publishers: tuple[FacetValue, ...]
    ways: tuple[FacetValue, ...]
    lifecycles: tuple[FacetValue, ...]
    total: int
    """Products that the whole choice leaves."""


def count_facets(entries: Iterable[Entry], choice: Choice) -> Facets:
    """Count each facet over the entries that fit the other facets; what is chosen is listed though it be zero. Pure."""
    known = tuple(entries)
    names = {entry.publisher: entry.publisher_name for entry in known}
    publishers = Counter(each.publisher for each in _fitting(known, replace(choice, publisher="")))
    ways = Counter(way for each in _fitting(known, replace(choice, way="")) for way in each.ways)
    lifecycles = Counter(each.lifecycle for each in _fitting(known, replace(choice, lifecycle="")))
    return Facets(
        tuple(_values(dict(sorted(names.items(), key=_by_name)), publishers, choice.publisher)),
        tuple(_values(WAYS, ways, choice.way)),
        tuple(_values(LIFECYCLES, lifecycles, choice.lifecycle)),
        sum(1 for _ in _fitting(known, choice)),
    )


def _by_name(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


def _fitting(entries: Iterable[Entry], choice: Choice) -> Iterator[Entry]:
    return (entry for entry in entries if entry.fits(choice))


def _values(texts: dict[str, str], counts: Counter[str], chosen: str) -> Iterator[FacetValue]:
    for value, text in texts.items():
        if counts[value] or value == chosen:
            yield FacetValue(value, text, counts[value])


def with_words(products: "QuerySet[Product]", words: str) -> "QuerySet[Product]":
    """Those in whose name, summary, publisher or event types each word stands, in part and in any case."""
    for word in words.split()[:_MOST_WORDS]:
        types = EventType.objects.filter(products=OuterRef("pk"), name__icontains=word)
        in_text = Q(name__icontains=word) | Q(summary__icontains=word) | Q(organization__name__icontains=word)
        products = products.filter(in_text | Exists(types))
    return products


def with_facets(products: "QuerySet[Product]", choice: Choice) -> "QuerySet[Product]":
    """Those that the facets of a choice leave; `count_facets` counts the same."""
    if choice.publisher:
        products = products.filter(organization__slug=choice.publisher)
    if choice.lifecycle:
        products = products.filter(lifecycle=choice.lifecycle)
    if choice.way == WEBHOOK:
        products = products.filter(webhooks_enabled=True)
    elif choice.way:
        serving = [purpose.value for purpose in _PURPOSES.get(choice.way, ())]
        definitions = ApiDefinition.objects.filter(products=OuterRef("pk"), serves__overlap=serving)
        products = products.filter(Exists(definitions)) if serving else products.none()
    return products


def entries_of(products: "QuerySet[Product]") -> Iterator[Entry]:
    """What the facets count of each product; two queries."""
    served: defaultdict[int, set[str]] = defaultdict(set)
    contained = Product.definitions.through.objects.filter(product__in=products.order_by().values("pk"))
    for product, serves in contained.values_list("product_id", "apidefinition__serves"):
        served[product].update(ways_of(serves))
    columns = ("pk", "organization__slug", "organization__name", "lifecycle", "webhooks_enabled")
    for pk, publisher, name, lifecycle, webhooks in products.order_by().values_list(*columns):
        ways = frozenset(served[pk] | ({WEBHOOK} if webhooks else set()))
        yield Entry(publisher, name, lifecycle, ways)


def ways_of(serves: Iterable[str]) -> Iterator[str]:
    """The ways that a definition's `serves` offers."""
    served = set(serves)
    return (way for way, purposes in _PURPOSES.items() if any(one.value in served for one in purposes))
