"""GitHub's events for three apps: what the end-to-end test and the faults have in common."""

import contextlib
from pathlib import Path

from tests.load import events
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan
from tests.load.run import Run, Site, open_run
from tests.load.stage import Stage

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
ENDPOINTS = 4


def github_run(
    stage: Stage, directory: Path, shared: Path, topic: str
) -> contextlib.AbstractContextManager[Run]:
    """A run whose receiver verifies every signature and fails the first try of every third message."""
    templates = events.github_templates(shared)
    types = sorted({template.event_type for template in templates})
    return open_run(
        stage,
        directory,
        topic,
        templates,
        lambda site: three_apps(site, types),
        endpoints=ENDPOINTS,
        verify=True,
        fail_first_try_of_every=3,
    )


def three_apps(site: Site, types: list[str]) -> EstatePlan:
    """One app takes all there is about code; one issues and people, at one endpoint four types only; one all.

    None has leave for `security`, though one has asked. What is in no product is unmatched.
    """
    names = {"code": CODE, "tracking": TRACKING, "people": PEOPLE, "security": SECURITY}
    products = {
        name: tuple(one for one in types if one.startswith(prefixes)) for name, prefixes in names.items()
    }

    def endpoint(number: int, *chosen: str) -> EndpointPlan:
        return EndpointPlan(number, site.url(number), site.secrets[number], chosen, max_in_flight=64)

    apps = (
        AppPlan("builder", ("code",), (endpoint(0),)),
        AppPlan("tracker", ("tracking", "people"), (endpoint(1, *CHOSEN), endpoint(2)), ("security",)),
        AppPlan("archive", ("code", "tracking", "people"), (endpoint(3),)),
    )
    return EstatePlan(site.bootstrap, site.topic, products, apps)
