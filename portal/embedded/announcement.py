"""What `make up` says when all is running, and var/up.json, which says the same to programs."""

import json
import time
from pathlib import Path

from portal.embedded import keys
from portal.embedded.addresses import Addresses
from portal.embedded.logs import Log
from portal.embedded.parts import Parts


def make(log: Log, directory: Path, addresses: Addresses, parts: Parts, started: float) -> None:
    """Write up.json and print the addresses. `started` is of the monotonic clock."""
    facts = {
        "portal": addresses.portal_url,
        "gateway": addresses.gateway_url,
        "kafka": parts.kafka_bootstrap_servers,
    }
    keys.write_private(directory / "up.json", json.dumps(facts, indent=2) + "\n")
    log.say(f"everything runs, {time.monotonic() - started:.1f} s after the start")
    log.say(f"portal    {addresses.portal_url}")
