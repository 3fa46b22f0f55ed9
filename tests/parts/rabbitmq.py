"""RabbitMQ with its plugin for AMQP 1.0, and an Erlang name server of its own."""

import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import ports
from tests.parts.broker import Broker, program
from tests.parts.missing import missing

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # without the wrapper that changes user and folder
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
log.console = true
log.console.level = warning
log.file = false
"""


@dataclass(slots=True)
class RabbitMQ(Broker):
    """A node that takes its name server along when it stops."""

    def stop(self) -> None:
        """End both in order."""
        Broker.stop(self)
        environment = {**os.environ, **self.environment}
        subprocess.run([program("epmd"), "-kill"], env=environment, capture_output=True, check=False)


def make(directory: Path) -> RabbitMQ:
    """A node with its files in `directory`, not started."""
    if not SERVER.exists():
        missing("no RabbitMQ: install Debian's rabbitmq-server")
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    (directory / "rabbitmq.conf").write_text(CONFIGURATION.format(port=port))
    (directory / "enabled_plugins").write_text("[rabbitmq_amqp1_0].\n")
    environment = {
        "HOME": str(directory),
        "RABBITMQ_NODENAME": f"sluice-{uuid.uuid4().hex[:8]}@localhost",
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "none.config"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(directory / "generated"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "data"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
        "RABBITMQ_DIST_PORT": str(ports.free()),
        "ERL_EPMD_PORT": str(ports.free()),
        "ERL_EPMD_ADDRESS": ports.LOOPBACK,
    }
    return RabbitMQ((str(SERVER),), directory, port, environment)
