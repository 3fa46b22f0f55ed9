"""Mosquitto, an MQTT broker, which keeps sessions and messages in a file."""

from pathlib import Path

from portal.embedded import ports
from tests.parts.broker import Broker, program

CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
user root
persistence true
persistence_location {directory}/
max_queued_messages 0
"""


def make(directory: Path) -> Broker:
    """A broker with its files in `directory`, not started."""
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    configuration = directory / "mosquitto.conf"
    configuration.write_text(CONFIGURATION.format(port=port, directory=directory))
    return Broker((program("mosquitto"), "-c", str(configuration)), directory, port)
