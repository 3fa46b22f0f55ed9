"""The secrets that `make up` makes once and keeps in var/: without them what var/ holds cannot be read."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32


def load(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with secrets: by the environment, else by `file`, made if need be."""
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else _make(file)
    return {name: environment.get(name) or value for name, value in kept.items()}


def write_private(file: Path, text: str) -> None:
    """Replace `file` in one step by one that only its owner can read."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(file)


def _make(file: Path) -> dict[str, str]:
    made = {
        "SLUICE_SECRET_KEY": secrets.token_urlsafe(KEY_BYTES * 2),
        "SLUICE_KEY_RING": _random_key(),
        "SLUICE_RECEIVER_SECRET": f"whsec_{_random_key()}",
    }
    write_private(file, json.dumps(made, indent=2) + "\n")
    return made


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
