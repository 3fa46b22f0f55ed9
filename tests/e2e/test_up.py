"""`make up` as the README promises it."""

import os
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from portal.embedded import ports
from portal.embedded.postgresql import UNPRIVILEGED_UID
from tests.e2e.up import Up, gone, install_as, python_for_everybody
from tests.load.waiting import wait_until
from tests.parts.missing import missing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that runs, for the tests that leave it so."""
    one = Up(tmp_path_factory.mktemp("running"))
    one.start()
    yield one
    one.end()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """One that a test starts and ends."""
    one = Up(tmp_path)
    yield one
    one.end()


@pytest.fixture
def up_of_nobody() -> Iterator[Up]:
    """The same for an ordinary user, from a checkout and an environment of their own."""
    python = python_for_everybody() or missing("no Python 3.11 or newer that every user reaches")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        one = Up(Path(directory), install_as(UNPRIVILEGED_UID, Path(directory), python), UNPRIVILEGED_UID)
        yield one
        one.end()


def receives(up: Up) -> bool:
    return "receive   | verified msg_" in up.said()


def wait_for_a_webhook(up: Up) -> None:
    wait_until(lambda: receives(up), "a webhook of the demonstration")


def products(up: Up) -> list[str]:
    answer = requests.get(f"{up.facts['portal']}/api/products", headers=key(up), timeout=30)
    assert answer.status_code == 200, answer.text
    return [product["slug"] for product in answer.json()["items"]]


def key(up: Up) -> dict[str, str]:
    return {"Authorization": up.facts["management_key"]}


def test_a_signed_webhook_of_the_demonstration_arrives(running):
    wait_for_a_webhook(running)


def test_what_it_prints_is_in_a_file_for_its_owner_only(running):
    file = running.directory / "var" / "up.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {one["role"] for one in running.facts["accounts"]} == {"administrator", "publisher", "developer"}
    assert [one["name"] for one in running.facts["apps"]] == ["Parcel tracker"]
    for secret in (running.facts["management_key"], running.facts["apps"][0]["key"]):
        assert secret in running.said()


def test_portal_and_gateway_answer_where_it_says(running):
    gateway = running.facts["gateway"]
    assert requests.get(f"{gateway}/healthz", timeout=30).json() == {"status": "ok"}
    assert requests.get(f"{gateway}/nothing", timeout=30).status_code == 404
    assert products(running) == ["shop-orders"]


def test_the_tutorial_leads_to_a_first_event(running):
    done = subprocess.run(**running.command("smoke"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the first event arrived" in done.stdout


def test_a_second_start_in_the_same_folder_is_one_line(running):
    done = subprocess.run(**Up(running.directory).command("up"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"process {running.family()[0].pid} already runs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_busy_port_is_one_line(up):
    with socket.create_server((ports.LOOPBACK, up.ports["gateway"])):
        done = subprocess.run(**up.command("up"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {up.ports['gateway']} (gateway): " in done.stderr
    assert "Traceback" not in done.stderr


def test_data_and_logins_outlive_an_interrupt_and_a_kill_which_leave_no_process_and_the_end_of_a_part_ends_it(
    up,
):
    up.start()
    before, everything = up.facts, up.family()
    assert up.interrupt() == 0
    assert gone(everything)
    stopped = [line.partition("| stopping ")[2] for line in up.said().splitlines() if "| stopping " in line]
    assert stopped == ["beat", "worker1", "gateway", "portal", "receive", "tansu", "valkey", "postgresql"]
    # Now as make starts it: `kill -9` of make, which cannot pass it on, ends it too.
    up.start("sh", "-c", '"$@"; exit', "make", arguments=("--end-with-parent",))
    assert up.facts == before
    assert products(up) == ["shop-orders"]
    assert len(up.family()) > len(("make", "up"))
    up.kill()
    up.start()
    assert products(up) == ["shop-orders"]
    wait_for_a_webhook(up)
    everything = up.family()
    next(one for one in everything if "beat" in one.cmdline()).kill()
    assert up.wait() == 1
    assert gone(everything)
    assert "beat ended with code -9" in up.said()


@pytest.mark.exhaustive
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests are an ordinary user's already")
def test_an_ordinary_user_has_the_same(up_of_nobody):
    up_of_nobody.start()
    wait_for_a_webhook(up_of_nobody)
    assert {one.uids().real for one in up_of_nobody.family()} == {UNPRIVILEGED_UID}
    everything: list[psutil.Process] = up_of_nobody.family()
    assert up_of_nobody.interrupt() == 0
    assert gone(everything)
