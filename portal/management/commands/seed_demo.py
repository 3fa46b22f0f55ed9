"""`manage.py seed_demo`: the demonstration's people, products and streams, or what of them is missing."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.demonstration import issued
from portal.demonstration.seed import Surroundings, seed


class Command(BaseCommand):
    help = "Make the demonstration of `make up`, or what of it is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="var/up.json: has the receiver, gets what is issued")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        file = issued.read(options["file"])
        receiver = file.addresses["receiver"]
        around = Surroundings(settings.KAFKA_BOOTSTRAP_SERVERS, receiver["url"], receiver["secret"])
        replace(file, issued=seed(file.issued, around)).write()
