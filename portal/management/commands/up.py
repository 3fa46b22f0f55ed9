"""`manage.py up`: all of Sluice on this machine, with a demonstration, until Ctrl-C."""

import os
import signal
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demonstration import announcement, issued
from portal.embedded import addresses, commands, keys, lock, parts, var
from portal.embedded.children import Children
from portal.embedded.errors import EmbeddedError
from portal.embedded.launcher import end_with_parent
from portal.embedded.logs import Log

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "Run everything here, with a demonstration; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end-with-parent", action="store_true", help="stop when the starter is killed")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        started = time.monotonic()
        for one in STOP_SIGNALS:
            signal.signal(one, _interrupt)
        if options["end_with_parent"]:
            end_with_parent(os.getppid(), signal.SIGTERM)
        children = Children(Log())
        try:
            with lock.held(var.directory()):
                _run(children, started)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            children.log.say("everything is stopped")


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
    raise KeyboardInterrupt


def _run(children: Children, started: float) -> None:
    """Start everything and watch it; whatever ends that, stop everything."""
    try:
        _start(children, started)
        children.watch()
    finally:
        # What is being stopped must not be interrupted: it ends within its grace, or is killed.
        for one in STOP_SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        children.stop()


def _start(children: Children, started: float) -> None:
    """Parts, schema and demonstration before the processes that use them."""
    directory = var.directory()
    chosen = addresses.read(os.environ)
    chosen.require_free(broker=not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"))
    own_keys = keys.load(directory / "keys.json", os.environ)
    running = parts.start(children, directory, chosen.kafka, os.environ)
    variables = (
        commands.demonstration_settings(chosen, directory) | os.environ | own_keys | running.environment
    )
    sluice = commands.Commands(settings.BASE_DIR, variables)
    up_file = replace(issued.read(directory / "up.json"), addresses=_facts(chosen, running, own_keys))
    up_file.write()
    _fill(children, sluice, up_file)
    _start_processes(children, sluice, chosen, directory)
    _announce(children.log, up_file.path, running, time.monotonic() - started)


def _fill(children: Children, sluice: commands.Commands, up_file: issued.UpFile) -> None:
    """Tables, static files, the demonstration."""
    children.finish(sluice.manage("migrate", "--no-input", "-v0"))
    children.finish(sluice.manage("collectstatic", "--no-input", "-v0"))
    children.finish(sluice.manage("seed_demo", str(up_file.path)))


def _start_processes(
    children: Children, sluice: commands.Commands, chosen: addresses.Addresses, directory: Path
) -> None:
    """First those that the others send to."""
    children.serve(
        {
            chosen.receiver: sluice.manage("receive", "--port", str(chosen.receiver)),
            chosen.portal: sluice.portal(chosen.portal),
            chosen.gateway: sluice.gateway(chosen.gateway),
        }
    )
    for command in (*sluice.workers(chosen.workers), sluice.beat(directory / "celerybeat-schedule")):
        children.start(command)


def _facts(chosen: addresses.Addresses, running: parts.Parts, own_keys: dict[str, str]) -> dict[str, Any]:
    return {
        "portal": chosen.portal_url,
        "gateway": chosen.gateway_url,
        "kafka": running.kafka_bootstrap_servers,
        "receiver": {"url": chosen.receiver_url, "secret": own_keys["SLUICE_RECEIVER_SECRET"]},
    }


def _announce(log: Log, file: Path, running: parts.Parts, seconds: float) -> None:
    up_file = issued.read(file)
    for line in announcement.facts(up_file, embedded_kafka=running.embedded_kafka, seconds=seconds):
        log.say(line)
    log.show("\n".join(announcement.commands(up_file)))
