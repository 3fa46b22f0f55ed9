"""`card_brand`: whose card a number is of."""

from streams.bloblang.registry import Spec, example, string

_BRANDS = {"34": "amex", "37": "amex", "4": "visa", "51": "mastercard", "55": "mastercard"}


def _card_brand(number: str) -> str | None:
    return next((brand for start, brand in _BRANDS.items() if number.startswith(start)), None)


CARD_BRAND = Spec(
    "card_brand",
    method=False,
    summary="The brand of a card number; null for one that is not known.",
    call=_card_brand,
    parameters=(string("number"),),
    examples=(
        example("root.brand = card_brand(this.card)", ({"card": "4111111111111111"}, {"brand": "visa"})),
    ),
)
