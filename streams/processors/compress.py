"""`compress` and `decompress`: the payload in a compressed form, and back."""

from __future__ import annotations

from typing import Final

from streams.processors.evaluated import Evaluated, quoted
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

_ALGORITHMS: Final = ("flate", "gzip", "lz4", "pgzip", "snappy", "zlib")


def _build_compress(config: Config, _context: BuildContext) -> Evaluated:
    return Evaluated(f"content().compress({quoted(config['algorithm'])}, 0{config['level']:+d})")


def _build_decompress(config: Config, _context: BuildContext) -> Evaluated:
    return Evaluated(f"content().decompress({quoted(config['algorithm'])})")


COMPRESS: Final = ComponentSpec(
    Kind.PROCESSOR,
    "compress",
    "Compresses the payload of each message.",
    _build_compress,
    fields=(
        Field("algorithm", FieldType.STRING, "How.", options=_ALGORITHMS),
        Field(
            "level", FieldType.INT, "From 0 to 9, where the algorithm has levels; -1: its own.", default=-1
        ),
    ),
    examples=({"algorithm": "gzip"},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
DECOMPRESS: Final = ComponentSpec(
    Kind.PROCESSOR,
    "decompress",
    "Decompresses the payload of each message.",
    _build_decompress,
    fields=(Field("algorithm", FieldType.STRING, "How.", options=("bzip2", *_ALGORITHMS)),),
    description="The work on one message is bounded as that of a mapping: what would not end flags the message.",
    examples=({"algorithm": "gzip"},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
