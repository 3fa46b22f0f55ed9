"""The commands of the README exist, and say in one line what keeps them from working."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.missing import missing

PROJECT = Path(__file__).parents[1]
REQUIREMENTS = sorted(path.name for path in PROJECT.glob("requirements*.txt"))


def make(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make on a copy of the Makefile, far from our own environment."""
    for name in ("Makefile", *REQUIREMENTS):
        shutil.copy(PROJECT / name, directory)
    return subprocess.run(["make", *arguments], cwd=directory, capture_output=True, text=True, check=False)


def stand_in(directory: Path, script: str) -> str:
    """A program that make takes for Python."""
    program = directory / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"PYTHON={program}"


def test_an_old_python_is_one_clear_line(tmp_path):
    old = stand_in(tmp_path, 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    done = make(tmp_path, old, ".venv/runtime.ok")
    assert done.returncode != 0
    assert "make: Python 3.9.2 is too old; Sluice needs 3.11 or newer" in done.stdout


def test_a_missing_venv_module_is_one_clear_line(tmp_path):
    done = make(tmp_path, stand_in(tmp_path, 'case "$2" in *venv*) exit 1 ;; esac'), ".venv/runtime.ok")
    assert done.returncode != 0
    assert (
        "make: this Python has no venv module; on Debian or Ubuntu: apt install python3-venv" in done.stdout
    )


def test_no_python_at_all_is_one_clear_line(tmp_path):
    done = make(tmp_path, "PYTHON=no-such-python", ".venv/runtime.ok")
    assert done.returncode != 0
    assert "make: no-such-python is not installed; Sluice needs Python 3.11 or newer" in done.stdout


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_of_the_documents_exists(document, tmp_path):
    named = set(re.findall(r"`make (?:[A-Z_]+=\S+ )*([a-z-]+)", (PROJECT / document).read_text()))
    described = set(re.findall(r"^make ([a-z-]+)", make(tmp_path, "help").stdout, flags=re.MULTILINE))
    assert named
    assert named - described == set()


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_by_hash(name):
    pins = re.findall(
        r"^(\S+)==.*\\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)",
        (PROJECT / name).read_text(),
        re.MULTILINE,
    )
    named = re.findall(r"^[A-Za-z0-9][^\s=]*(?===)", (PROJECT / name).read_text(), re.MULTILINE)
    assert named
    assert [pin for pin, _ in pins] == named


def test_no_requirement_names_an_address():
    assert [name for name in REQUIREMENTS if "://" in (PROJECT / name).read_text()] == []


def test_a_missing_part_skips_a_test_here_and_fails_it_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="no such part"):
        missing("no such part")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing in CI: no such part"):
        missing("no such part")


def test_tests_on_the_shared_folder_are_left_out_by_name_where_there_is_none(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.shared\ndef test_shared(): assert False\n\ndef test_other(): pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", PROJECT / "pyproject.toml", "-p", "tests.conftest", tmp_path],
        cwd=PROJECT,
        env={**os.environ, "SLUICE_SHARED": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed, 1 deselected" in done.stdout.splitlines()[-1], done.stdout + done.stderr
    assert "test_it.py::test_shared" in done.stdout
