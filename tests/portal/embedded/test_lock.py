import os

import pytest

from portal.embedded import lock
from portal.embedded.errors import EmbeddedError


def test_a_second_holder_is_told_who_the_first_is(tmp_path):
    told = pytest.raises(EmbeddedError, match=f"process {os.getpid()} already runs")
    with lock.held(tmp_path), told, lock.held(tmp_path):
        pass


def test_the_file_that_a_killed_holder_leaves_locks_nobody_out(tmp_path):
    (tmp_path / "up.lock").write_text("999999")
    with lock.held(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


def test_a_place_that_cannot_be_a_folder_is_one_line(tmp_path):
    (tmp_path / "var").write_text("")
    with pytest.raises(EmbeddedError, match=r"var: .*set SLUICE_VAR"), lock.held(tmp_path / "var"):
        pass
