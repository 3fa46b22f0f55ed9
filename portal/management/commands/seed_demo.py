"""`manage.py seed_demo`: the demonstration's people, products and streams, or what of them is missing."""

import os
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.demonstration import issued
from portal.demonstration.seed import Surroundings, seed


class Command(BaseCommand):
    help = "Make the demonstration, or what of it is missing; what it issues goes to FILE, readable by its owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSON; what an earlier run issued is read from it")
        parser.add_argument("--receiver", default="http://127.0.0.1:8090/", help="URL of `manage.py receive`")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        secret = os.environ.get("SLUICE_RECEIVER_SECRET", "")
        around = Surroundings(settings.KAFKA_BOOTSTRAP_SERVERS, options["receiver"], secret)
        earlier = issued.read(options["file"])
        replace(earlier, issued=seed(earlier.issued, around)).write()
