"""`memory`: a cache whose entries end after a time."""

from __future__ import annotations

from typing import Final

from streams.caches.local import MAX_BYTES, LocalCache
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Shape

INIT_VALUES: Final = Field(
    "init_values", FieldType.STRING, "What is there from the beginning.", default={}, shape=Shape.MAP
)


def _build(config: Config, _context: BuildContext) -> LocalCache:
    cache = LocalCache(ttl=config["default_ttl"])
    cache.fill(config["init_values"])
    return cache


MEMORY: Final = ComponentSpec(
    Kind.CACHE,
    "memory",
    "Keeps entries for a time in the memory of the process.",
    _build,
    fields=(
        Field("default_ttl", FieldType.DURATION, "How long, unless told otherwise.", default="5m"),
        Field(
            "compaction_interval",
            FieldType.DURATION,
            "Any value: an entry that has ended is never found, and goes when its room is needed.",
            default="60s",
        ),
        INIT_VALUES,
        Field("shards", FieldType.INT, "Any number: one thread uses the cache.", default=1),
    ),
    description=f"Each process has its own, empty when it starts. It holds {MAX_BYTES >> 20} MiB; a full cache "
    "refuses entries.",
    examples=({"default_ttl": "60s"},),
    dry_run=DryRun.RUN,
)
