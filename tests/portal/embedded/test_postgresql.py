import os
import shutil
from pathlib import Path

import psycopg
import pytest

from portal.embedded import place, postgresql
from tests.parts.embedded import UNSAFE_AND_FAST, logging_to

pytestmark = pytest.mark.slow


@pytest.fixture
def prepared(tmp_path):
    place_ = postgresql.prepare(tmp_path / "postgresql")
    yield place_
    shutil.rmtree(place_.data.parent)


def start(prepared: postgresql.Place):
    return postgresql.start(prepared, logging_to("other-postgresql"), UNSAFE_AND_FAST)


def test_data_outlive_a_restart(prepared):
    server = start(prepared)
    postgresql.create_database(prepared, "kept")
    postgresql.create_database(prepared, "kept")
    assert server.stop() == 0
    server = start(prepared)
    with psycopg.connect(prepared.url("kept")) as connection:
        assert connection.execute("SELECT current_database(), current_setting('timezone')").fetchone() == (
            "kept",
            "UTC",
        )
    server.stop()


def test_a_pid_file_left_by_a_crash_does_not_keep_the_server_from_starting(prepared):
    start(prepared).kill()
    # Our own pid: alive, and of a process that is no PostgreSQL.
    stale = (prepared.data / "postmaster.pid").read_text().splitlines()
    (prepared.data / "postmaster.pid").write_text("\n".join([str(os.getppid()), *stale[1:]]))
    assert prepared.running_pid() is None
    server = start(prepared)
    assert prepared.running_pid() == server.pid
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's data stay where they are")
def test_as_root_the_server_runs_as_nobody_elsewhere_and_finds_its_place_again(prepared, tmp_path):
    server = start(prepared)
    assert Path(f"/proc/{server.pid}").stat().st_uid == postgresql.UNPRIVILEGED_UID
    assert tmp_path not in prepared.data.parents
    assert postgresql.prepare(tmp_path / "postgresql") == prepared
    server.stop()


def test_a_socket_whose_name_would_be_too_long_goes_to_a_short_folder(tmp_path):
    deep = tmp_path / ("x" * 90)
    short = place.socket_directory(deep, postgresql.SOCKET_NAME)
    assert deep != short
    assert len(os.fsencode(short / postgresql.SOCKET_NAME)) < place.SOCKET_PATH_LIMIT
    short.rmdir()
