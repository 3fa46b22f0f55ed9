"""One `make up` per folder. The kernel drops the lock with its process, so none is ever stale."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded.errors import EmbeddedError


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the folder, which is made if need be. Raises EmbeddedError when it is another's."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(directory / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedError(f"{directory}: {error.strerror}; run as its owner, or set SLUICE_VAR") from error
    try:
        _take(file, directory)
        yield
    finally:
        os.close(file)


def _take(file: int, directory: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(file, 20).decode().strip()
        raise EmbeddedError(f"process {holder} already runs on {directory}: end it first") from error
    os.ftruncate(file, 0)
    os.write(file, str(os.getpid()).encode())
