"""`manage.py smoke`: the tutorial against a running `make up`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demonstration import issued, smoke, smoke_stream
from portal.embedded import var
from portal.embedded.errors import EmbeddedError

PATIENCE_SECONDS = 120.0


class Command(BaseCommand):
    help = "Do the tutorial against a running `make up`, and tell how long the first event took."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        up_file = issued.read(var.directory() / "up.json")
        if not up_file.issued.management_key:
            raise CommandError(f"{up_file.path} names no key: is `make up` running?")
        api = smoke.Api(up_file.addresses["portal"], up_file.issued.management_key)
        try:
            seconds = smoke.run(api, self.stdout.write, PATIENCE_SECONDS)
            self.stdout.write(f"the first event arrived {seconds:.1f} s after the first call")
            heard = smoke_stream.run(api, up_file.addresses["gateway"], PATIENCE_SECONDS)
            self.stdout.write(f"what was posted to the gateway was heard {heard * 1000:.0f} ms later")
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
