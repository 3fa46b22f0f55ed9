"""The ports of `make up`, and the variables that move them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from portal.embedded import ports
from portal.embedded.errors import EmbeddedError

PORTS = {"portal": 3000, "gateway": 8080, "kafka": 9092, "receiver": 8090}
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Addresses:
    """One loopback port for each of what listens."""

    portal: int
    gateway: int
    kafka: int
    receiver: int  # the demonstration's webhook receiver

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
        for field in fields(self):
            if broker or field.name != "kafka":
                ports.require_free(field.name, getattr(self, field.name), variable(field.name))


def variable(name: str) -> str:
    """The environment variable that sets the port of `name`."""
    return f"SLUICE_{name.upper()}_PORT"


def read(environment: Mapping[str, str]) -> Addresses:
    """The ports that the environment asks for, else the usual ones. Raises EmbeddedError."""
    chosen: dict[str, Any] = {name: _port(environment, name, usual) for name, usual in PORTS.items()}
    return Addresses(**chosen)


def _port(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(variable(name)) or str(usual)
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise EmbeddedError(f"{variable(name)}={text}: expected a port, 1 to {HIGHEST_PORT}")
    return int(text)
