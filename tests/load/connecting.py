"""Makes connections, read from stdin as a JSON list, in the database that DATABASE_URL names."""

import json
import sys

from gateway.connections import create_connection
from portal.demonstration import people


def main() -> None:
    """Make them as the demonstration's administrator."""
    administrator = people.actor(people.ADMINISTRATOR, people.organization())
    for values in json.load(sys.stdin):
        create_connection(administrator, **values)
