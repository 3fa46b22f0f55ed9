"""`manage.py receive`: a webhook receiver for trying things out."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demonstration.receiver import Receiver
from webhooks.signing import SecretError


class Command(BaseCommand):
    help = "Receive webhooks on loopback, verify them with SLUICE_RECEIVER_SECRET, print a line for each."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8090)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        secret = os.environ.get("SLUICE_RECEIVER_SECRET", "")
        try:
            receiver = Receiver(("127.0.0.1", options["port"]), secret, self.stdout.write)
        except SecretError as error:
            raise CommandError(f"SLUICE_RECEIVER_SECRET: {error}") from error
        except OSError as error:
            raise CommandError(f"port {options['port']}: {error.strerror}") from error
        with receiver:
            receiver.serve_forever()
