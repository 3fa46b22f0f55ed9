"""What Sluice finds by the entry point."""

from sluice_cards.card_brand import CARD_BRAND
from sluice_cards.mask_cards import MASK_CARDS
from streams.extensions import Extension

EXTENSION = Extension(components=(MASK_CARDS,), bloblang=(CARD_BRAND,))
