"""Encrypt every secret at rest with the newest key of SLUICE_KEY_RING."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.connections import rotate_connection_passwords
from streams.secrets import DecryptionError, KeyRingError
from webhooks.rotation import rotate_endpoint_secrets


class Command(BaseCommand):
    """`manage.py rotate_secrets`: run it after putting a new key first on the ring, before taking an old one off."""

    help = "Encrypt every secret at rest with the newest key of SLUICE_KEY_RING; then older keys may go."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            rotated = rotate_endpoint_secrets() + rotate_connection_passwords()
        except (DecryptionError, KeyRingError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rotated} secrets encrypted anew; only the newest key is needed now")
