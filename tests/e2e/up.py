"""`manage.py up` as a test starts it: a var folder and ports of its own, beside whatever else runs."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from portal.embedded import addresses, ports
from tests.load.waiting import wait_until

PROJECT = Path(__file__).parents[2]
ENDING_SECONDS = 120.0
# What of our own environment must not choose the parts.
FOREIGN = ("DATABASE_URL", "VALKEY_URL", "KAFKA_BOOTSTRAP_SERVERS", "DJANGO_SETTINGS_MODULE")


@dataclass(frozen=True, slots=True)
class Installation:
    """A checkout, and a Python with its packages."""

    project: Path
    python: str


OURS = Installation(PROJECT, sys.executable)


@dataclass
class Up:
    """One folder, in which `up` can be started again and again."""

    directory: Path
    installation: Installation = OURS
    user: int | None = None
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.ports = {name: ports.free() for name in addresses.PORTS}
        self.log = self.directory / "up.log"

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with."""
        outer = {
            name: value for name, value in os.environ.items() if name not in FOREIGN and "SLUICE" not in name
        }
        chosen = {addresses.variable(name): str(port) for name, port in self.ports.items()}
        own = {"SLUICE_VAR": str(self.directory / "var"), "HOME": str(self.directory)}
        return {**outer, **chosen, **own, "DJANGO_SETTINGS_MODULE": "portal.settings"}

    @property
    def facts(self) -> dict[str, Any]:
        """What up.json says."""
        facts: dict[str, Any] = json.loads((self.directory / "var" / "up.json").read_text())
        return facts

    def command(self, *arguments: str) -> dict[str, Any]:
        """What `subprocess` needs to run a command of manage.py."""
        return {
            "args": [self.installation.python, "manage.py", *arguments],
            "cwd": self.installation.project,
            "env": self.environment,
            "user": self.user,
            "group": self.user,
            "extra_groups": None if self.user is None else [],
        }

    def start(self, *starter: str, arguments: tuple[str, ...] = ()) -> None:
        """Start it, by another program if one is given, and wait until it says that everything runs."""
        command = self.command("up", *arguments)
        command["args"] = [*starter, *command["args"]]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                **command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        wait_until(self._runs_or_ended, "everything runs")
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """Its output so far."""
        return self.log.read_text()

    def family(self) -> list[psutil.Process]:
        """What was started and every process below it."""
        itself = psutil.Process(self._started.pid)
        return [itself, *itself.children(recursive=True)]

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return self._started.wait(ENDING_SECONDS)

    def interrupt(self) -> int:
        """Ctrl-C, to it alone, as its children are in sessions of their own. Returns its exit code."""
        self._started.send_signal(signal.SIGINT)
        return self.wait()

    def kill(self) -> None:
        """SIGKILL to what was started, alone; return when nothing below it is left either."""
        everything = self.family()
        self._started.kill()
        self.wait()
        wait_until(lambda: gone(everything), "the end of every process")

    def end(self) -> None:
        """For the end of a test, however it went."""
        if self.process is not None and self.process.poll() is None:
            self.interrupt()
        # As root the data lie elsewhere.
        shutil.rmtree((self.directory / "var" / "postgresql").resolve(), ignore_errors=True)

    @property
    def _started(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        return self.process

    def _runs_or_ended(self) -> bool:
        return "everything runs" in self.said() or self._started.poll() is not None


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them is left; psutil tells a reused pid from its former holder."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def reachable(path: Path) -> bool:
    """Whether every user may pass into the folder of `path`."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def python_for_everybody() -> Path | None:
    """A Python that every user reaches and that is new enough, if there is one."""
    candidates = (
        Path(sys.base_prefix) / "bin" / "python3",
        Path("/usr/local/bin/python3"),
        Path("/usr/bin/python3"),
    )
    check = ("-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))")
    for one in candidates:
        if one.exists() and reachable(one) and subprocess.run([one, *check], check=False).returncode == 0:
            return one
    return None


def install_as(user: int, directory: Path, python: Path) -> Installation:
    """A copy of the checkout in the user's own folder, with the environment that the user's `make` makes of it."""
    project = directory / "sluice"
    shutil.copytree(
        PROJECT, project, ignore=shutil.ignore_patterns(".git", ".venv", "var", "lib", ".*_cache")
    )
    environment = {**os.environ, "HOME": str(directory)}
    subprocess.run(["chown", "-R", f"{user}:{user}", str(directory)], check=True)
    made = subprocess.run(
        ["make", f"PYTHON={python}", ".venv/runtime.ok"],
        cwd=project,
        env=environment,
        user=user,
        group=user,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return Installation(project, str(project / ".venv" / "bin" / "python"))
