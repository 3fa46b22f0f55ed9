"""GitHub's events for three apps: a run that the end-to-end test and the faults have in common."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load import draining, events, reception
from tests.load.ledger import Ledger, settle
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan
from tests.load.processes import Processes
from tests.load.producer import Production
from tests.load.stage import Estate, Stage
from tests.parts import topics
from webhooks.signing import generate_secret

PARTITIONS = 4
CODE = (
    "check_",
    "commit_",
    "create",
    "delete",
    "deployment",
    "fork",
    "pull_",
    "push",
    "release",
    "workflow_",
)
TRACKING = ("discussion", "issue", "label", "milestone", "project")
PEOPLE = ("member", "org", "public", "star", "team", "watch")
SECURITY = ("code_scanning", "dependabot", "deploy_key", "security_")
CHOSEN = ("issues.opened", "issues.assigned", "issue_comment.created", "member.added")


@dataclass(frozen=True, slots=True)
class GithubRun:
    """Everything of one run."""

    stage: Stage
    estate: Estate
    receiver: reception.Receiver
    production: Production
    processes: Processes
    templates: Sequence[events.Template]

    def produce(self, count: int) -> None:
        """Put so many more events into the topic."""
        made = len(self.production.acknowledged)
        self.production.produce_all(events.events(self.templates, count, first=made))

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
def github_run(stage: Stage, directory: Path, shared: Path, topic: str) -> Iterator[GithubRun]:
    """Make topic, receiver and estate, and end all that the run started.

    The receiver verifies every signature and answers 500 to the first try of every third message.
    """
    secrets = {number: generate_secret() for number in range(4)}
    templates = events.github_templates(shared)
    with contextlib.ExitStack() as cleanup:
        log = cleanup.enter_context((directory / "receiver.log").open("wb"))
        receiver = reception.start(log, hosts=len(secrets), secrets=secrets, fail_first_try_of_every=3)
        cleanup.callback(receiver.stop)
        bootstrap = stage.kafka.bootstrap_servers
        made = topics.Topics()
        cleanup.callback(made.delete)
        made(bootstrap, partitions=PARTITIONS, name=topic)
        plan = three_apps(bootstrap, topic, templates, receiver.url, secrets)
        estate = stage.build(plan)
        processes = Processes(estate.environment, directory)
        cleanup.callback(processes.stop)
        yield GithubRun(stage, estate, receiver, Production(bootstrap, topic), processes, templates)


def three_apps(
    bootstrap: str,
    topic: str,
    templates: Sequence[events.Template],
    url: Callable[[int], str],
    secrets: dict[int, str],
) -> EstatePlan:
    """One app takes all there is about code; one issues and people, at one endpoint four types only; one all.

    None has leave for `security`, though one has asked. What is in no product is unmatched.
    """
    types = sorted({template.event_type for template in templates})
    names = {"code": CODE, "tracking": TRACKING, "people": PEOPLE, "security": SECURITY}
    products = {
        name: tuple(one for one in types if one.startswith(prefixes)) for name, prefixes in names.items()
    }

    def endpoint(number: int, *chosen: str) -> EndpointPlan:
        return EndpointPlan(number, url(number), secrets[number], chosen, max_in_flight=64)

    apps = (
        AppPlan("builder", ("code",), (endpoint(0),)),
        AppPlan("tracker", ("tracking", "people"), (endpoint(1, *CHOSEN), endpoint(2)), ("security",)),
        AppPlan("archive", ("code", "tracking", "people"), (endpoint(3),)),
    )
    return EstatePlan(bootstrap, topic, products, apps)
