import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from portal.embedded import process
from portal.embedded.errors import EmbeddedError
from tests.load.waiting import wait_until

PROJECT = Path(__file__).parents[3]
IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
STARTER = """
import subprocess, sys, time
from pathlib import Path
from portal.embedded import process
sleep = process.Command("sleep", ("sleep", "600"), Path("/"), {})
print(process.start(sleep, subprocess.DEVNULL).pid, flush=True)
time.sleep(600)
"""


def command(*arguments: str, grace: float = 10.0, user: int | None = None) -> process.Command:
    return process.Command("part", arguments, Path("/"), os.environ, grace=grace, user=user)


def test_a_child_ends_when_its_starter_is_killed():
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, cwd=PROJECT)
    assert starter.stdout is not None
    child = int(starter.stdout.readline())
    assert psutil.pid_exists(child)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: not psutil.pid_exists(child), "the end of the child")


def test_a_child_that_ignores_the_stop_signal_is_killed_after_its_grace():
    child = process.start(command(sys.executable, "-c", IGNORES_SIGTERM, grace=0.2), subprocess.PIPE)
    assert child.popen.stdout is not None
    assert child.popen.stdout.readline() == b"up\n"
    assert child.stop() == -signal.SIGKILL
    child.popen.stdout.close()


def test_killing_a_child_kills_what_it_started():
    script = "sleep 600 & echo $!; wait"
    child = process.start(command("sh", "-c", script), subprocess.PIPE)
    assert child.popen.stdout is not None
    grandchild = int(child.popen.stdout.readline())
    child.kill()
    wait_until(lambda: not psutil.pid_exists(grandchild), "the end of the grandchild")
    child.popen.stdout.close()


def test_an_interrupt_of_the_terminal_does_not_reach_a_child():
    child = process.start(command("sleep", "600"), subprocess.DEVNULL)
    assert os.getsid(child.pid) != os.getsid(0)
    child.kill()


def test_waiting_for_a_child_that_ends_says_which_and_how():
    child = process.start(command("sh", "-c", "exit 3"), subprocess.DEVNULL)
    with pytest.raises(EmbeddedError, match="part ended with code 3"):
        process.wait_until(child, lambda: False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_root_can_start_a_child_as_a_user_without_a_passwd_entry():
    child = process.start(command("id", "-u", user=54321), subprocess.PIPE)
    said, _ = child.popen.communicate()
    assert said == b"54321\n"
