"""One run: topic, receiver, estate and Sluice's processes, opened together and all ended together."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.load import draining, events, reception
from tests.load.ledger import Ledger, settle
from tests.load.plan import EstatePlan
from tests.load.processes import Processes
from tests.load.producer import Production
from tests.load.stage import Estate, Stage
from tests.parts import topics
from webhooks.signing import generate_secret

PARTITIONS = 4
SHOWN = 3000  # last characters of each log, when a run fails


@dataclass(frozen=True, slots=True)
class Site:
    """What a plan needs to know before it can be made."""

    bootstrap: str
    topic: str
    url: Callable[[int], str]  # of an endpoint's number
    secrets: Mapping[int, str]


@dataclass
class Run:
    """Everything of one run."""

    stage: Stage
    estate: Estate
    receiver: reception.Receiver
    production: Production
    processes: Processes
    templates: Sequence[events.Template]

    def produce(self, count: int) -> None:
        """Put so many more events into the topic."""
        self.production.produce_all(self.coming(count))

    def coming(self, count: int) -> Iterator[events.Event]:
        """The events that follow those produced so far."""
        return events.events(self.templates, count, first=max(self.production.acknowledged, default=-1) + 1)

    def wait_until_delivered(self, seconds: float) -> None:
        """Wait until nothing is left to do. Raises TimeoutError."""
        draining.wait_until_delivered(self.estate, seconds)

    def ledger(self) -> Ledger:
        """The account as of now."""
        return settle(self.estate.plan, self.production.acknowledged, self.receiver.records())

    def unmatched(self) -> int:
        """Events of types no product offers, as Sluice counted them."""
        return int(self.estate.query("SELECT coalesce(sum(count), 0) FROM webhooks_unmatchedcount"))


@contextlib.contextmanager
def open_run(
    stage: Stage,
    directory: Path,
    topic: str,
    templates: Sequence[events.Template],
    make_plan: Callable[[Site], EstatePlan],
    *,
    endpoints: int,
    verify: bool = False,
    environment: Mapping[str, str] | None = None,
    **receiver_options: Any,
) -> Iterator[Run]:
    """Open a run with so many endpoints. `environment` is added to that of Sluice's processes."""
    secrets = {number: generate_secret() for number in range(endpoints)}
    with contextlib.ExitStack() as cleanup:
        log = cleanup.enter_context((directory / "receiver.log").open("ab"))
        receiver = reception.start(
            log, hosts=endpoints, secrets=secrets if verify else None, **receiver_options
        )
        cleanup.callback(receiver.stop)
        bootstrap = stage.kafka.bootstrap_servers
        made = topics.Topics()
        cleanup.callback(made.delete)
        made(bootstrap, partitions=PARTITIONS, name=topic)
        estate = stage.build(make_plan(Site(bootstrap, topic, receiver.url, secrets)))
        processes = Processes({**estate.environment, **(environment or {})}, directory)
        cleanup.callback(processes.stop)
        try:
            yield Run(stage, estate, receiver, Production(bootstrap, topic), processes, templates)
        except BaseException as error:
            for log_file in sorted(directory.glob("*.log")):
                error.add_note(f"--- {log_file.name}\n{log_file.read_text(errors='replace')[-SHOWN:]}")
            raise
