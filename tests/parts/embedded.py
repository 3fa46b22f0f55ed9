"""The PostgreSQL and Valkey of one test session: addresses known at once, servers started on demand."""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

from portal.embedded import postgresql, process, valkey

DIRECTORY = Path(tempfile.mkdtemp(prefix="sluice-tests-"))
POSTGRESQL = postgresql.prepare(DIRECTORY / "postgresql")
VALKEY = valkey.prepare(DIRECTORY / "valkey")
DATABASE = "sluice"
# Nothing survives the session, so nothing is worth a wait for the disk.
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def environment() -> dict[str, str]:
    """What portal/settings.py reads, for this session's parts; no Kafka unless a test asks for one."""
    return {
        "DATABASE_URL": POSTGRESQL.url(DATABASE),
        "VALKEY_URL": VALKEY.url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "SLUICE_SECRET_KEY": "tests-only-" + "0" * 50,
        "SLUICE_KEY_RING": base64.b64encode(bytes(range(32))).decode(),
        "SLUICE_OUTBOUND_ALLOW": "127.0.0.0/8,::1/128",
        "SLUICE_DEBUG": "false",
        "SLUICE_LOG_LEVEL": "WARNING",
    }


def logging_to(name: str) -> process.Spawn:
    """A way to start a command whose lines go to a file of the session's folder."""

    def spawn(command: process.Command) -> process.Child:
        with (DIRECTORY / f"{name}.log").open("ab") as log:
            return process.start(command, log)

    return spawn


@atexit.register
def _remove() -> None:
    """Leave nothing behind; a child process that inherited this module by fork leaves it to its parent."""
    if os.getpid() == _OWNER:
        shutil.rmtree(POSTGRESQL.data.parent, ignore_errors=True)
        shutil.rmtree(DIRECTORY, ignore_errors=True)


_OWNER = os.getpid()
