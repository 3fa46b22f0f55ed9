"""Sluice as an operator runs it: portal, gateways and workers as processes, on a database of their own."""

import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import requests
from psycopg import sql

from portal.demonstration.smoke import Api
from portal.embedded import ports, postgresql, process
from tests.load.processes import ROOT, Processes
from tests.load.waiting import wait_until
from tests.parts import embedded

RECEIVER = {"url": "http://127.0.0.1:1/", "secret": "whsec_" + "a" * 32}
"""Of the demonstration's webhooks, which nobody waits for here."""
CONNECT = "import django; django.setup(); from tests.load.connecting import main; main()"
SHOWN = 2000  # last characters of each log, when something fails


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway process."""

    url: str
    port: int
    child: process.Child

    def resident_bytes(self) -> int:
        """What it holds in memory now."""
        return int(psutil.Process(self.child.pid).memory_info().rss)


@dataclass
class Deployment:
    """Its processes, and the management API with a publisher's key."""

    processes: Processes
    portal: str  # its URL
    key: str = ""  # of the publisher, with every scope
    gateways: list[Gateway] = field(default_factory=list)

    @property
    def api(self) -> Api:
        """The management API."""
        return Api(self.portal, self.key)

    def start_portal(self, up_file: Path) -> None:
        """Seed the demonstration, and start what answers at `portal`."""
        kafka = self.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]
        up_file.write_text(json.dumps({"portal": self.portal, "kafka": kafka, "receiver": RECEIVER}))
        self._manage("seed_demo", str(up_file))
        self.key = json.loads(up_file.read_text())["management_key"]
        port = urlsplit(self.portal).port or 0
        at = ("--host", "127.0.0.1", "--port", str(port))
        self._serve("portal", port, "-m", "uvicorn", "portal.asgi:application", *at)

    def start_gateway(self, *, daphne: bool = False, port: int = 0) -> Gateway:
        """Start one more gateway, under uvicorn as `manage.py gateway` has it, or under Daphne."""
        port, name = port or ports.free(), f"gateway-{len(self.gateways)}"
        uvicorn = ("manage.py", "gateway", "--port", str(port))
        under_daphne = ("-m", "tests.load.daphne", str(port))
        child = self._serve(name, port, *(under_daphne if daphne else uvicorn))
        made = Gateway(f"http://127.0.0.1:{port}", port, child)
        self.gateways.append(made)
        return made

    def kill(self, gateway: Gateway) -> None:
        """SIGKILL."""
        self.processes.kill(gateway.child)
        self.gateways.remove(gateway)

    def define(self, document: Mapping[str, Any], *, tyk: bool = True) -> str:
        """Save a definition that runs at once, and wait until every gateway serves it. Returns its id."""
        if tyk:
            headers = {"Authorization": self.key, "Content-Type": "application/vnd.tyk.streams.oas"}
            url = f"{self.portal}/api/apis/streams"
            answer = requests.post(url, data=json.dumps(document), headers=headers, timeout=30)
            assert answer.ok, answer.text
            definition = answer.json()["ID"]
        else:
            body = {"activate": True, "document": document}
            definition = self.api.call("POST", "definitions", body)["definition"]["id"]
        self.wait_until_served(listen_path(document))
        return str(definition)

    def wait_until_served(self, path: str) -> None:
        """Wait until something is at a path of every gateway."""
        for gateway in self.gateways:
            wait_until(lambda at=gateway.url: _is_served(f"{at}{path}"), f"{path} at the gateway")

    def subscribe(self, definition: str, **plan: Any) -> "Subscriber":
        """A product of the definition, a plan, and an app that is subscribed under it."""
        name, api = f"subscriber-{uuid.uuid4().hex[:8]}", self.api
        product = api.call("POST", "products", {"name": name, "slug": name, "definitions": [definition]})
        made = {"name": "plan", "approval": "automatic", **plan}
        plan_id = api.call("POST", f"products/{product['id']}/plans", made)["id"]
        api.call("POST", f"products/{product['id']}/publish", {})
        app = api.call("POST", "apps", {"name": name})
        wanted = {"app": app["id"], "product": name, "plan": plan_id}
        subscription = api.call("POST", "subscriptions", wanted)
        issued = api.call("POST", f"apps/{app['id']}/credentials", {"name": "key"})
        return Subscriber(issued["key"], app["id"], issued["credential"]["id"], subscription["id"])

    def connect(self, *connections: Mapping[str, Any]) -> None:
        """Have the operator make connections; each the fields of one."""
        command = [sys.executable, "-c", CONNECT]
        environment = dict(self.processes.environment)
        subprocess.run(
            command, cwd=ROOT, env=environment, input=json.dumps(connections), text=True, check=True
        )

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        environment = dict(self.processes.environment)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-SHOWN:]

    def _serve(self, name: str, port: int, *arguments: str) -> process.Child:
        child = self.processes.start(name, [sys.executable, *arguments])
        process.wait_until(child, lambda: ports.answers(port))
        return child


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An app with a key."""

    key: str
    app: int
    credential: int
    subscription: int

    @property
    def headers(self) -> dict[str, str]:
        """What a request of its carries."""
        return {"Authorization": f"Bearer {self.key}"}


@contextlib.contextmanager
def deployed(
    directory: Path,
    postgres: postgresql.Place,
    valkey_url: str,
    kafka: str,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Deployment]:
    """A portal with the demonstration's people; gateways and workers are started by who needs them."""
    portal, database = f"http://127.0.0.1:{ports.free()}", f"deployment_{uuid.uuid4().hex[:8]}"
    postgresql.create_database(postgres, database)
    environment = {
        **embedded.environment(),
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": postgres.url(database),
        "VALKEY_URL": valkey_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "SLUICE_PORTAL_URL": portal,
        "SLUICE_OPEN_APIS": "true",
        "SLUICE_OPEN_REQUESTS_PER_SECOND": "100000",
        "SLUICE_OPEN_CLIENTS": "100000",
        "SLUICE_LOG_LEVEL": "INFO",
        **(settings or {}),
    }
    made = Deployment(Processes(environment, directory), portal)
    try:
        made._manage("migrate", "--no-input", "-v0")
        made.start_portal(directory / "up.json")
        yield made
    except BaseException as error:
        note_logs(error, directory)
        raise
    finally:
        made.processes.stop()
        _drop(postgres, database)


def note_logs(error: BaseException, directory: Path) -> None:
    """Add the ends of the processes' logs to an error."""
    for file in sorted(directory.glob("*.log")):
        error.add_note(f"--- {file.name}\n{file.read_text(errors='replace')[-SHOWN:]}")


def listen_path(document: Mapping[str, Any]) -> str:
    """Where a definition listens."""
    return str(document["x-tyk-api-gateway"]["server"]["listenPath"]["value"])


def retried(work: Callable[[], bool]) -> bool:
    """Whether something that may not be reachable yet is so."""
    try:
        return work()
    except requests.RequestException:
        return False


def _is_served(url: str) -> bool:
    """A gateway knows the listen path when it answers other than that there is none."""
    return retried(lambda: "No active API" not in requests.get(url, timeout=10).text)


def _drop(postgres: postgresql.Place, database: str) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        connection.execute(statement)
