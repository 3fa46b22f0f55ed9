"""Where a run takes place: real PostgreSQL, Valkey and Kafka, and a database of its own for each estate."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from portal.embedded import postgresql, process, valkey
from tests.load.plan import EstatePlan
from tests.parts import embedded, kafka

ROOT = Path(__file__).parents[2]
TEMPLATE = "load_template"
BUILD = "import django; django.setup(); from tests.load.estate import main; main()"
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
"""Of the benchmarks' PostgreSQL; all that makes it safe is on, as PostgreSQL sets it."""


@dataclass(frozen=True, slots=True)
class Estate:
    """An estate that is in the database."""

    plan: EstatePlan
    database_url: str
    environment: Mapping[str, str]  # for Sluice's processes
    definition_id: int
    endpoint_ids: Mapping[int, int]  # by the plan's number
    lane_ids: Mapping[int, int]

    def query(self, statement: str, parameters: list[Any] | None = None) -> Any:
        """The first column of a query's first row; a changing statement is committed."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@dataclass
class Stage:
    """Running parts."""

    directory: Path  # for logs
    postgres: postgresql.Place
    valkey: valkey.Place
    kafka: kafka.Server
    _migrated: bool = False
    _made: list[str] = field(default_factory=list)

    @property
    def postgres_pid(self) -> int:
        """The postmaster's process id."""
        return self.postgres.running_pid() or 0

    def build(self, plan: EstatePlan) -> Estate:
        """Make the estate in a new database."""
        url = self.database()
        environment = self.environment(url)
        done = subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=ROOT,
            env=environment,
            input=plan.dumped(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"the estate could not be made: {done.stderr[-2000:]}")
        made = json.loads(done.stdout)
        endpoints = {int(number): ids for number, ids in made["endpoints"].items()}
        return Estate(
            plan,
            url,
            environment,
            made["definition"],
            {number: ids[0] for number, ids in endpoints.items()},
            {number: ids[1] for number, ids in endpoints.items()},
        )

    def database(self) -> str:
        """The URL of a new, migrated database."""
        return self.postgres.url(self._database(f"load_{len(self._made)}"))

    def environment(self, database_url: str) -> dict[str, str]:
        """For a process of Sluice on that database."""
        return {
            **embedded.environment(),
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": database_url,
            "VALKEY_URL": self.valkey.url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "SLUICE_LOG_LEVEL": "INFO",
        }

    def empty_valkey(self) -> None:
        """Have Valkey forget everything."""
        with redis.Redis(unix_socket_path=str(self.valkey.socket)) as client:
            client.flushall()

    def drop_databases(self) -> None:
        """Drop what `build` made, but the template."""
        while self._made:
            self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), self._made.pop())

    def _database(self, name: str) -> str:
        if not self._migrated:
            self._migrate()
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, TEMPLATE)
        self._made.append(name)
        return name

    def _migrate(self) -> None:
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {}"), TEMPLATE)
        self._administer(sql.SQL("CREATE DATABASE {}"), TEMPLATE)
        command = [sys.executable, "manage.py", "migrate", "-v", "0"]
        environment = self.environment(self.postgres.url(TEMPLATE))
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        self._migrated = True

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


@dataclass
class OwnStage(Stage):
    """A stage whose parts were started for it, so that they may be broken."""

    postgres_child: process.Child | None = None
    valkey_child: process.Child | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def start_postgres(self) -> None:
        """Start PostgreSQL on the data it left."""
        self.postgres_child = postgresql.start(self.postgres, self.spawn("postgresql"), self.settings)

    def restart_postgres(self) -> None:
        """End PostgreSQL in order, cutting every connection, and start it again."""
        if self.postgres_child is not None:
            self.postgres_child.stop()
        self.start_postgres()

    def spawn(self, name: str) -> process.Spawn:
        """A way to start a command that writes to a log of this name."""

        def start(command: process.Command) -> process.Child:
            with (self.directory / f"{name}.log").open("ab") as log:
                return process.start(command, log)

        return start


@contextlib.contextmanager
def own_stage(
    settings: Mapping[str, str] | None = None, *, rebalance_delay_ms: int = 0
) -> Iterator[OwnStage]:
    """Start the three parts in a temporary folder, and leave nothing of them behind."""
    with contextlib.ExitStack() as cleanup:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sluice-load-")))
        broker = kafka.start(directory / "kafka", rebalance_delay_ms=rebalance_delay_ms, options=())
        cleanup.callback(broker.stop)
        postgres = postgresql.prepare(directory / "postgresql")
        # For root it lies elsewhere, where an unprivileged PostgreSQL reaches it.
        cleanup.callback(shutil.rmtree, postgres.data.parent, ignore_errors=True)
        store = valkey.prepare(directory / "valkey")
        stage = OwnStage(directory, postgres, store, broker, settings=settings or {})
        stage.valkey_child = valkey.start(store, stage.spawn("valkey"))
        cleanup.callback(stage.valkey_child.stop)
        stage.start_postgres()
        cleanup.callback(lambda: stage.postgres_child and stage.postgres_child.stop())
        yield stage
