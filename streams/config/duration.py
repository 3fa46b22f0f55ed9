"""Durations as Go writes them."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST = 2**63 * 1e-9


def parse_duration(text: str) -> float:
    """Seconds of a Go duration such as `1h15m30.5s`, `300ms` or `0`. Raises ValueError for anything else."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"-", "+"} else text
    if rest == "0":
        return 0.0
    parts = list(_PART.finditer(rest))
    if not parts or "".join(part[0] for part in parts) != rest:
        raise ValueError(f"{text!r} is not a duration")
    seconds = sum(float(part[1]) * _UNITS[part[2]] for part in parts)
    if seconds >= _LONGEST:
        raise ValueError(f"{text!r} is longer than a duration can be")
    return sign * seconds
