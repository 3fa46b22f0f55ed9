"""Which worker runs whose streams: operators may keep an organization's to workers of a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WorkerOrganizations:
    """What one worker process takes of all that is to run."""

    name: str = ""
    """The worker's; empty: one of those that take whatever is nobody's."""
    assigned: Mapping[str, str] = field(default_factory=dict)
    """Names of workers by slug of an organization."""

    def takes(self, organization: str) -> bool:
        """Tell whether this worker runs the streams of an organization, named by its slug."""
        return self.assigned.get(organization, "") == self.name
