"""`ttlru`: a cache of so many entries, each kept for a time."""

from __future__ import annotations

from typing import Any, Final

from streams.caches.local import MAX_BYTES, LocalCache
from streams.caches.memory import INIT_VALUES
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


def _build(config: Config, _context: BuildContext) -> LocalCache:
    ttl: Any = config["default_ttl"] if config["ttl"] is None else config["ttl"]
    cache = LocalCache(ttl=ttl, capacity=max(1, config["cap"]), evicting=True)
    cache.fill(config["init_values"])
    return cache


TTLRU: Final = ComponentSpec(
    Kind.CACHE,
    "ttlru",
    "Keeps the entries that were used last, each for a time, in the memory of the process.",
    _build,
    fields=(
        Field("cap", FieldType.INT, "How many.", default=1024),
        Field("default_ttl", FieldType.DURATION, "How long.", default="5m"),
        Field("ttl", FieldType.DURATION, "The older name of `default_ttl`.", default=None),
        INIT_VALUES,
        Field("optimistic", FieldType.BOOL, "Either: there are no locks.", default=False),
    ),
    description=f"Each process has its own, empty when it starts. It holds at most {MAX_BYTES >> 20} MiB.",
    examples=({"cap": 5000, "default_ttl": "60s"},),
    dry_run=DryRun.RUN,
)
