"""Apache Kafka in KRaft mode, one node that is broker and controller, from jars that Maven brings."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from portal.embedded import ports, process
from portal.embedded.errors import EmbeddedError
from tests.webhooks.authority import Authority

PROJECT = Path(__file__).parents[1] / "kafka"
JARS = PROJECT / "lib"
CLUSTER_ID = "c2x1aWNlLWthZmthLXRlcw"  # any 16 bytes
QUICK = ("-XX:TieredStopAtLevel=1",)
"""For the JVM of a broker that lives for minutes: what compiles code better takes more than it gives."""
USER = "reader"
PASSWORD = "open-sesame"
CONFIGURATION = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},\
  GUARDED://127.0.0.1:{guarded},ENCRYPTED://127.0.0.1:{encrypted}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},GUARDED://127.0.0.1:{guarded},ENCRYPTED://localhost:{encrypted}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,GUARDED:SASL_PLAINTEXT,ENCRYPTED:SSL
listener.name.encrypted.ssl.keystore.type=PEM
listener.name.encrypted.ssl.keystore.location={certificate}
sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config=\
  org.apache.kafka.common.security.plain.PlainLoginModule required user_reader="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
super.users=User:ANONYMOUS
controller.listener.names=CONTROLLER
log.dirs={directory}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms={rebalance_delay_ms}
auto.create.topics.enable=true
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running broker; its data outlives it."""

    child: process.Child
    directory: Path  # configuration, data and log
    bootstrap_servers: str  # host:port
    guarded_servers: str  # host:port of the listener that lets USER in by PASSWORD, and nobody else
    encrypted_servers: str  # localhost:port of the listener with TLS
    authority: Path  # PEM of who signed its certificate
    options: tuple[str, ...]  # of its JVM

    @property
    def pid(self) -> int:
        """The process id of the JVM, to tell its CPU from ours."""
        return self.child.pid

    def stop(self) -> None:
        """End it in order."""
        self.child.stop()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.child.kill()

    def restarted(self) -> "Server":
        """The same broker running again, on its port with its data; call it after `stop` or `kill`."""
        return replace(self, child=_run(self.directory, self.bootstrap_servers, self.options))


def missing_part() -> str | None:
    """What this machine lacks to run Apache Kafka, or None."""
    if shutil.which("java") is None:
        return "no Java: Apache Kafka needs a Java runtime, version 17 or newer"
    if not JARS.is_dir() and shutil.which("mvn") is None:
        return "no Maven: it brings the jars of Apache Kafka"
    return None


def start(directory: Path, *, rebalance_delay_ms: int = 0, options: tuple[str, ...] = QUICK) -> Server:
    """Start a new broker with its files in `directory` on free ports, and wait until it answers.

    rebalance_delay_ms: how long a new consumer group waits for more members; options: of its JVM. Raises
    EmbeddedError.
    """
    _bring_jars()
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    guarded, encrypted = ports.free(), ports.free()
    authority = Authority(directory)
    authority.server_context("localhost")
    text = CONFIGURATION.format(
        port=port,
        controller=ports.free(),
        guarded=guarded,
        password=PASSWORD,
        encrypted=encrypted,
        certificate=next(directory.glob("localhost-*.pem")),
        directory=directory,
        rebalance_delay_ms=rebalance_delay_ms,
    )
    (directory / "server.properties").write_text(text)
    _format(directory)
    bootstrap = f"{ports.LOOPBACK}:{port}"
    return Server(
        _run(directory, bootstrap, options),
        directory,
        bootstrap,
        f"{ports.LOOPBACK}:{guarded}",
        f"localhost:{encrypted}",
        authority.path,
        options,
    )


def _bring_jars() -> None:
    """Copy the jars into lib/ once; a copy that was broken off leaves no lib/ behind."""
    if JARS.is_dir():
        return
    fetched = PROJECT / f"lib.{os.getpid()}"
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(fetched, ignore_errors=True)
        raise EmbeddedError(f"Maven could not bring Apache Kafka's jars: {done.stdout.strip()[-500:]}")
    try:
        fetched.rename(JARS)
    except OSError:  # another test session was faster
        shutil.rmtree(fetched)


def _java(*arguments: str) -> list[str]:
    quiet = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return ["java", "-Xmx768m", "-XX:+UseSerialGC", *quiet, "-cp", f"{JARS}/*", *arguments]


def _format(directory: Path) -> None:
    properties = str(directory / "server.properties")
    tool = _java(*QUICK, "kafka.tools.StorageTool")
    subprocess.run([*tool, "format", "-t", CLUSTER_ID, "-c", properties], capture_output=True, check=True)


def _run(directory: Path, bootstrap: str, options: tuple[str, ...]) -> process.Child:
    command = process.Command(
        name="kafka",
        arguments=tuple(_java(*options, "kafka.Kafka", str(directory / "server.properties"))),
        directory=directory,
        environment=os.environ,
        stop_signal=signal.SIGTERM,
        grace=30.0,
    )
    with (directory / "kafka.log").open("ab") as log:
        child = process.start(command, log)
    process.wait_until(child, lambda: _answers(bootstrap))
    return child


def _answers(bootstrap: str) -> bool:
    if not ports.answers(int(bootstrap.rpartition(":")[2])):
        return False
    try:
        return bool(AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=5).brokers)
    except KafkaException:
        return False
