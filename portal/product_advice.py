"""What would make a product better for who finds it; nothing of it keeps it from being published."""

from collections.abc import Iterator

from gateway.models import DefinitionState, Product


def product_advice(product: Product) -> tuple[str, ...]:
    """Return what is worth doing, each a sentence; two queries."""
    return tuple(_advice(product))


def _advice(product: Product) -> Iterator[str]:
    for definition in product.definitions.all():
        if definition.state != DefinitionState.ACTIVE:
            yield f"{definition} does not run: nobody receives its events until it is activated."
    if not product.summary:
        yield "It has no summary: in the catalogue it is a name without a sentence."
    for event_type in product.event_types.all():
        if event_type.schema is None or event_type.example is None:
            yield f"{event_type} has no schema or no example: readers cannot see what they will get."
    if not product.description:
        yield "It has no description: say what it is for, and what receivers should know."
