"""What is measured: a payload, how far each event fans out, over which scheme, to how many endpoints."""

import contextlib
import itertools
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load import certificates, events, reception
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan
from tests.load.run import Run, Site, open_run
from tests.load.stage import Stage

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).parents[3] / "shared"))


@dataclass(frozen=True, slots=True)
class Case:
    """One set of circumstances."""

    scheme: str = "http"  # or https
    payload: str = "1kB"  # or github
    fan_out: int = 1  # endpoints that each event goes to
    endpoints: int = 100  # each on an address of its own

    def templates(self) -> list[events.Template]:
        """The payloads, of at least as many event types as there are endpoints."""
        if self.payload == "github":
            return events.github_templates(SHARED)
        return events.synthetic_templates(self.endpoints)

    def plan(self, site: Site, types: Sequence[str]) -> EstatePlan:
        """Deal the event types out so that each has `fan_out` endpoints."""
        groups = self.endpoints // self.fan_out
        endpoints = tuple(
            EndpointPlan(
                number, site.url(number), site.secrets[number], tuple(types[number % groups :: groups])
            )
            for number in range(self.endpoints)
        )
        products = {"events": tuple(types)}
        return EstatePlan(
            site.bootstrap, site.topic, products, (AppPlan("subscriber", ("events",), endpoints),)
        )


@contextlib.contextmanager
def opened(stage: Stage, case: Case, *, record: bool = False) -> Iterator[Run]:
    """Open a run of the case with a topic of its own."""
    templates = case.templates()
    types = list(dict.fromkeys(template.event_type for template in templates))
    with tempfile.TemporaryDirectory(prefix="sluice-bench-", dir=stage.directory) as name:
        directory = Path(name)
        certificate, environment = None, {"SLUICE_LOG_LEVEL": "WARNING"}
        if case.scheme == "https":
            made = certificates.make(directory, reception.addresses(case.endpoints))
            certificate, environment["SSL_CERT_FILE"] = (made.chain, made.key), str(made.authority)
        run = open_run(
            stage,
            directory,
            f"bench-{uuid.uuid4().hex[:8]}",
            templates,
            lambda site: case.plan(site, types),
            endpoints=case.endpoints,
            environment=environment,
            record=record,
            certificate=certificate,
        )
        with run as opened_run:
            yield opened_run
        stage.drop_databases()


def cases(
    schemes: Sequence[str], payloads: Sequence[str], fan_outs: Sequence[int], endpoints: int
) -> list[Case]:
    """Every combination."""
    return [Case(*combination, endpoints) for combination in itertools.product(schemes, payloads, fan_outs)]
