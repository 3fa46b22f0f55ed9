"""Python's collector of garbage, in a process that does nothing but its work from now on."""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 20, 50)
"""What some hundred messages or requests under way hold is no garbage, and not worth a look."""


def spare_what_stays() -> None:
    """Have the collector never look again at what is there now, and seldom at what is made from now on.

    What was imported stays for good, and a look at all of it holds every stream and client up for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
