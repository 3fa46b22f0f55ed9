"""Functions that read the world outside the message: the clock, and where the operator allows, more."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from streams.bloblang.errors import Fault
from streams.bloblang.registry import boolean, function, string
from streams.timestamp import Timestamp


@function("now", "The current time as RFC 3339 text.", pure=False)
def now() -> str:
    """The time in UTC, to the nanosecond."""
    return Timestamp(time.time_ns()).rfc3339()


@function("timestamp_unix", "The current time in Unix seconds.", pure=False)
def timestamp_unix() -> int:
    """Whole seconds."""
    return time.time_ns() // 1_000_000_000


@function("timestamp_unix_milli", "The current time in Unix milliseconds.", pure=False)
def timestamp_unix_milli() -> int:
    """Whole milliseconds."""
    return time.time_ns() // 1_000_000


@function("timestamp_unix_micro", "The current time in Unix microseconds.", pure=False)
def timestamp_unix_micro() -> int:
    """Whole microseconds."""
    return time.time_ns() // 1_000


@function("timestamp_unix_nano", "The current time in Unix nanoseconds.", pure=False)
def timestamp_unix_nano() -> int:
    """Whole nanoseconds."""
    return time.time_ns()


@function(
    "env",
    "An environment variable, or null.",
    parameters=(string("name"), boolean("no_cache", default=False)),
    permission="env",
    pure=False,
)
def env(name: str, no_cache: bool) -> str | None:  # noqa: ARG001, FBT001 - nothing is cached, so there is nothing to switch off
    """The variable's value now."""
    return os.environ.get(name)


@function(
    "file",
    "The content of a file, as bytes.",
    parameters=(string("path"), boolean("no_cache", default=False)),
    permission="file",
    pure=False,
)
def file(path: str, no_cache: bool) -> bytes:  # noqa: ARG001, FBT001 - nothing is cached, so there is nothing to switch off
    """The bytes now. Raises Fault when it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Fault(f"open {path}: {(error.strerror or str(error)).lower()}") from error


@function("hostname", "The name of this host.", permission="env", pure=False)
def hostname() -> str:
    """The host's name."""
    return socket.gethostname()
