"""The ports of `make up`, how many workers it runs, and the variables that say so."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.embedded import ports
from portal.embedded.errors import EmbeddedError

PORTS = {"portal": 3000, "gateway": 8080, "kafka": 9092, "receiver": 8090}
HIGHEST_PORT = 65535
MOST_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Addresses:
    """One loopback port for each of what listens, and how many work."""

    portal: int
    gateway: int
    kafka: int
    receiver: int  # the demonstration's webhook receiver
    workers: int  # processes

    @property
    def portal_url(self) -> str:
        """The portal, as a browser calls it."""
        return f"http://localhost:{self.portal}"

    @property
    def gateway_url(self) -> str:
        """The gateway, as a client calls it."""
        return f"http://localhost:{self.gateway}"

    @property
    def receiver_url(self) -> str:
        """Where the demonstration's webhooks go."""
        return f"http://{ports.LOOPBACK}:{self.receiver}/"

    def require_free(self, *, broker: bool) -> None:
        """Raise EmbeddedError for the first port that is taken; the broker's only if one is to be started."""
        for name in PORTS:
            if broker or name != "kafka":
                ports.require_free(name, getattr(self, name), variable(name))


def variable(name: str) -> str:
    """The environment variable that sets the port of `name`."""
    return f"SLUICE_{name.upper()}_PORT"


def read(environment: Mapping[str, str]) -> Addresses:
    """What the environment asks for, else the usual. Raises EmbeddedError."""
    chosen = {
        name: _number(environment, variable(name), usual, HIGHEST_PORT) for name, usual in PORTS.items()
    }
    return Addresses(**chosen, workers=_number(environment, "SLUICE_WORKERS", 1, MOST_WORKERS))


def _number(environment: Mapping[str, str], variable: str, usual: int, most: int) -> int:
    text = environment.get(variable) or str(usual)
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise EmbeddedError(f"{variable}={text}: expected a number from 1 to {most}")
    return int(text)
