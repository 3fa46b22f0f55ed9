"""The processes of Sluice as `make up` runs them; production runs the same, one per container."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import ports
from portal.embedded.addresses import Addresses
from portal.embedded.process import Command

# Streams are drained, then deliveries in flight.
WORKER_GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Commands:
    """Makes the commands of one checkout in one environment."""

    project: Path  # the checkout
    environment: Mapping[str, str]  # the whole environment of each process

    def manage(self, *arguments: str) -> Command:
        """`manage.py` with arguments, named by the first."""
        return self._python(arguments[0], "manage.py", *arguments)

    def portal(self, port: int) -> Command:
        """The portal, on a loopback port."""
        at = ("--host", ports.LOOPBACK, "--port", str(port), "--no-access-log")
        return self._python("portal", "-m", "uvicorn", "portal.asgi:application", *at)

    def gateway(self, port: int) -> Command:
        """The gateway, on a loopback port."""
        return self.manage("gateway", "--host", ports.LOOPBACK, "--port", str(port))

    def workers(self, number: int) -> Iterator[Command]:
        """The processes that run streams and deliver."""
        for name in (f"worker{index}" for index in range(1, number + 1)):
            how = ("--pool", "threads", "--hostname", f"{name}@%h", "--without-mingle", "--without-gossip")
            yield self._python(
                name, "-m", "celery", "--quiet", "-A", "portal", "worker", *how, grace=WORKER_GRACE_SECONDS
            )

    def beat(self, schedule: Path) -> Command:
        """The process that schedules sweeps; it keeps its clock in `schedule`."""
        return self._python(
            "beat", "-m", "celery", "--quiet", "-A", "portal", "beat", "--schedule", str(schedule)
        )

    def _python(self, name: str, *arguments: str, grace: float = 10.0) -> Command:
        return Command(name, (sys.executable, *arguments), self.project, self.environment, grace=grace)


def demonstration_settings(addresses: Addresses, directory: Path) -> dict[str, str]:
    """Settings for a demonstration on loopback; `directory` is where it keeps what it has."""
    return {
        "PYTHONUNBUFFERED": "1",
        # Celery's to production. Here root is whoever started this on their own machine.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SLUICE_PORTAL_URL": addresses.portal_url,
        "SLUICE_GATEWAY_URL": addresses.gateway_url,
        "SLUICE_OUTBOUND_ALLOW": "127.0.0.0/8,::1/128",
        "SLUICE_RAW_ADDRESSES": "false",
        "SLUICE_OPEN_APIS": "true",
        "SLUICE_MAIL_FOLDER": str(directory / "mail"),
    }
