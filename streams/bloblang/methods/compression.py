"""Methods that compress and decompress; what comes out counts as work before all of it is made."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from typing import Any

from streams.bloblang import lz4, snappy
from streams.bloblang.errors import Fault
from streams.bloblang.registry import Naming, example, integer, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_bytes

_GZIP_WINDOW = 31
_RAW_WINDOW = -15
_ZLIB_WINDOW = 15
_CHUNK = 64 * 1024


def _deflate(window: int) -> Callable[[bytes, int], bytes]:
    def compress(data: bytes, level: int) -> bytes:
        compressor = zlib.compressobj(level if -1 <= level <= 9 else -1, zlib.DEFLATED, window)
        return compressor.compress(data) + compressor.flush()

    return compress


_COMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    "flate": _deflate(_RAW_WINDOW),
    "gzip": _deflate(_GZIP_WINDOW),
    "pgzip": _deflate(_GZIP_WINDOW),
    "lz4": lambda data, _: lz4.compress(data),
    "snappy": lambda data, _: snappy.compress(data),
    "zlib": _deflate(_ZLIB_WINDOW),
}


def _inflate(window: int) -> Callable[[Run, bytes], bytes]:
    def decompress(run: Run, data: bytes) -> bytes:
        parts: list[bytes] = []
        while data:
            inflater = zlib.decompressobj(window)
            data = _drain(run, inflater, data, parts)
            # Only gzip is a series of members.
            if window != _GZIP_WINDOW:
                break
        return b"".join(parts)

    return decompress


def _drain(run: Run, inflater: Any, data: bytes, parts: list[bytes]) -> bytes:
    while not inflater.eof:
        part = inflater.decompress(data, _CHUNK)
        run.charge(len(part))
        parts.append(part)
        data = inflater.unconsumed_tail
        if not part and not data and not inflater.eof:
            raise Fault("unexpected EOF")
    return bytes(inflater.unused_data)


def _bzip2(run: Run, data: bytes) -> bytes:
    inflater = bz2.BZ2Decompressor()
    parts: list[bytes] = []
    while not inflater.eof:
        part = inflater.decompress(data, _CHUNK)
        data = b""
        run.charge(len(part))
        parts.append(part)
        if not part and inflater.needs_input:
            raise Fault("unexpected EOF")
    return b"".join(parts)


_DECOMPRESSORS: dict[str, Callable[[Run, bytes], bytes]] = {
    "bzip2": _bzip2,
    "flate": _inflate(_RAW_WINDOW),
    "gzip": _inflate(_GZIP_WINDOW),
    "pgzip": _inflate(_GZIP_WINDOW),
    "lz4": lambda run, data: lz4.decompress(data, run.charge),
    "snappy": lambda run, data: snappy.decompress(data, run.charge),
    "zlib": _inflate(_ZLIB_WINDOW),
}


def _named(algorithms: dict[str, Any], name: str) -> Any:
    if name == "zstd":
        raise Fault("the compression type zstd is not available in this version")
    if name not in algorithms:
        raise Fault(f"compression type not recognised: {name}")
    return algorithms[name]


def check_algorithm(arguments: dict[str, Any]) -> None:
    """Refuses a constant algorithm that does not exist."""
    if isinstance(arguments.get("algorithm"), str):
        _named(_DECOMPRESSORS, arguments["algorithm"])


@method(
    "compress",
    "The text or bytes compressed by flate, gzip, pgzip, lz4, snappy or zlib.",
    parameters=(string("algorithm"), integer("level", -1)),
    context=True,
    naming=Naming.NONE,
    check=check_algorithm,
    examples=(example('root = this.compress("zlib").decompress("zlib").string()', ("abcabc", "abcabc")),),
)
def compress(run: Run, value: Any, algorithm: str, level: int) -> bytes:
    """The compressed bytes."""
    data = get_bytes(value)
    run.charge(2 * len(data))
    return bytes(_named(_COMPRESSORS, algorithm)(data, level))


@method(
    "decompress",
    "The bytes that gzip, pgzip, zlib, bzip2, flate, snappy or lz4 compressed.",
    parameters=(string("algorithm"),),
    context=True,
    naming=Naming.NONE,
    check=check_algorithm,
    examples=(
        example('root = this.compress("snappy").decompress("snappy").string()', ("hello", "hello")),
        example('root = this.compress("lz4").decompress("lz4").string()', ("hello", "hello")),
    ),
)
def decompress(run: Run, value: Any, algorithm: str) -> bytes:
    """The original bytes."""
    try:
        return bytes(_named(_DECOMPRESSORS, algorithm)(run, get_bytes(value)))
    except (zlib.error, OSError) as error:
        raise Fault(f"{algorithm}: {error}") from None
