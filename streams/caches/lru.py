"""`lru`: a cache of so many entries, from which those unused for longest go."""

from __future__ import annotations

from typing import Final

from streams.caches.local import MAX_BYTES, LocalCache
from streams.caches.memory import INIT_VALUES
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

_ONLY_STANDARD: Final = "only the standard algorithm is built"


def _build(config: Config, _context: BuildContext) -> LocalCache:
    cache = LocalCache(capacity=max(1, config["cap"]), evicting=True)
    cache.fill(config["init_values"])
    return cache


LRU: Final = ComponentSpec(
    Kind.CACHE,
    "lru",
    "Keeps the entries that were used last in the memory of the process.",
    _build,
    fields=(
        Field("cap", FieldType.INT, "How many.", default=1000),
        INIT_VALUES,
        Field("algorithm", FieldType.STRING, "Which go.", default="standard", refused=_ONLY_STANDARD),
        Field("two_queues_recent_ratio", FieldType.FLOAT, "Of `2q`.", default=0.25, refused=_ONLY_STANDARD),
        Field("two_queues_ghost_ratio", FieldType.FLOAT, "Of `2q`.", default=0.5, refused=_ONLY_STANDARD),
        Field("optimistic", FieldType.BOOL, "Either: there are no locks.", default=False),
    ),
    description=f"Each process has its own, empty when it starts. It holds at most {MAX_BYTES >> 20} MiB.",
    examples=({"cap": 5000},),
    dry_run=DryRun.RUN,
)
