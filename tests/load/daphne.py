"""`python -m tests.load.daphne PORT`: the gateway under Daphne, on a socket as `manage.py gateway` makes it."""

import sys

from daphne.cli import CommandLineInterface  # type: ignore[import-untyped]

from portal.management.commands.gateway import listener


def serve(port: int) -> None:
    """Serve until told to stop."""
    listening = listener("127.0.0.1", port)
    socket = f"fd:fileno={listening.fileno()}"
    CommandLineInterface().run(["--endpoint", socket, "--verbosity", "0", "portal.gateway_asgi:application"])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
