"""What the demonstration issued in clear: it is shown again at each start, and kept nowhere but in var/up.json."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from portal.embedded.keys import write_private


@dataclass(frozen=True, slots=True)
class Account:
    """How one person signs in."""

    role: str  # administrator, publisher or developer
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class IssuedApp:
    """A demonstration app and its API key."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Issued:
    """All of it."""

    management_key: str = ""  # acts as the publisher
    accounts: tuple[Account, ...] = ()
    apps: tuple[IssuedApp, ...] = ()

    def password(self, email: str) -> str:
        """The password of an account; empty: none is known."""
        return next((one.password for one in self.accounts if one.email == email), "")

    def key(self, name: str) -> str:
        """The API key of an app; empty: none is known."""
        return next((one.key for one in self.apps if one.name == name), "")


@dataclass(frozen=True, slots=True)
class UpFile:
    """var/up.json: the addresses that `make up` writes, and what the demonstration issued."""

    path: Path
    addresses: dict[str, Any] = field(default_factory=dict)  # portal, gateway, kafka, receiver
    issued: Issued = field(default_factory=Issued)

    def write(self) -> None:
        """Replace the file."""
        write_private(self.path, json.dumps({**self.addresses, **asdict(self.issued)}, indent=2) + "\n")


def read(path: Path) -> UpFile:
    """Read the file; one that is not there has nothing in it."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    accounts = tuple(Account(**one) for one in found.pop("accounts", ()))
    apps = tuple(IssuedApp(**one) for one in found.pop("apps", ()))
    return UpFile(path, issued=Issued(found.pop("management_key", ""), accounts, apps), addresses=found)
