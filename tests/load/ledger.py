"""The account: what the broker acknowledged against what the receiver holds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.load.plan import EstatePlan
from tests.load.producer import Acknowledged
from tests.load.reception import Received

SHOWN = 10


@dataclass
class AppAccount:
    """One app's lines."""

    name: str
    due: int = 0  # deliveries promised: event and endpoint
    delivered: int = 0  # of these, answered 2xx at least once
    duplicated: int = 0  # answered 2xx again, under the same webhook-id
    failed_tries: int = 0  # requests answered with an error, as the receiver was told to
    lost: list[tuple[int, int]] = field(default_factory=list)  # (event, endpoint) promised and not held
    foreign: list[tuple[int, int]] = field(default_factory=list)  # held and not promised
    renamed: list[tuple[int, int]] = field(default_factory=list)  # came under more than one webhook-id


@dataclass
class Ledger:
    """The whole account."""

    produced: int  # what the broker acknowledged
    unmatched: int  # of these, of a type that no product offers
    unverified: int  # requests whose signature the receiver refused
    altered: int  # requests whose body is not what was produced
    apps: list[AppAccount]

    @property
    def faults(self) -> list[str]:
        """What must not be, in words; empty when every promise was kept."""
        said = [f"{self.unverified} signatures refused"] if self.unverified else []
        said += [f"{self.altered} bodies altered"] if self.altered else []
        for app in self.apps:
            for name in ("lost", "foreign", "renamed"):
                places = getattr(app, name)
                if places:
                    said.append(f"{app.name}: {len(places)} {name}, (event, endpoint): {places[:SHOWN]}")
        return said

    def __str__(self) -> str:
        columns = ("due", "delivered", "duplicated", "failed_tries", "lost", "foreign", "renamed")
        rows = [_line("app", columns)]
        for app in self.apps:
            values = [getattr(app, column) for column in columns]
            rows.append(_line(app.name, [len(v) if isinstance(v, list) else v for v in values]))
        total = [
            f"produced {self.produced}",
            f"delivered {sum(app.delivered for app in self.apps)}",
            f"duplicated {sum(app.duplicated for app in self.apps)}",
            f"unmatched {self.unmatched}",
            f"lost {sum(len(app.lost) for app in self.apps)}",
            f"unverified {self.unverified}",
            f"altered {self.altered}",
        ]
        return "\n".join([*rows, ", ".join(total)])


def _line(name: str, cells: Iterable[object]) -> str:
    return name.ljust(12) + "".join(str(cell).rjust(14) for cell in cells)


@dataclass(slots=True)
class _Holding:
    """What one endpoint received of one event."""

    accepted: int = 0
    failed: int = 0
    webhook_ids: set[str] = field(default_factory=set)


def settle(
    plan: EstatePlan, acknowledged: Mapping[int, Acknowledged], received: Iterable[Received]
) -> Ledger:
    """Compare what was promised to each app with what it holds."""
    requests = list(received)
    holdings = _holdings(requests)
    accounts = {app.name: AppAccount(app.name) for app in plan.apps}
    owners = {endpoint.number: accounts[app.name] for app in plan.apps for endpoint in app.endpoints}
    promised = _promised(plan, acknowledged)
    for place in promised:
        _enter(owners[place[1]], place, holdings.get(place, _Holding()))
    for place in holdings.keys() - promised:
        owners[place[1]].foreign.append(place)
    statuses = Counter(request.status for request in requests)
    return Ledger(
        produced=len(acknowledged),
        unmatched=sum(not plan.offered(event.event_type) for event in acknowledged.values()),
        unverified=statuses[400],
        altered=sum(_altered(request, acknowledged) for request in requests),
        apps=list(accounts.values()),
    )


def _holdings(requests: Iterable[Received]) -> dict[tuple[int, int], _Holding]:
    holdings: dict[tuple[int, int], _Holding] = defaultdict(_Holding)
    for request in requests:
        holding = holdings[request.number, request.endpoint]
        holding.webhook_ids.add(request.webhook_id)
        if request.status == 204:
            holding.accepted += 1
        else:
            holding.failed += 1
    return holdings


def _promised(plan: EstatePlan, acknowledged: Mapping[int, Acknowledged]) -> set[tuple[int, int]]:
    """Every (event, endpoint) that must be."""
    by_type = {event.event_type for event in acknowledged.values()}
    recipients = {kind: [endpoint.number for _, endpoint in plan.recipients(kind)] for kind in by_type}
    return {
        (event.number, endpoint)
        for event in acknowledged.values()
        for endpoint in recipients[event.event_type]
    }


def _enter(account: AppAccount, place: tuple[int, int], holding: _Holding) -> None:
    account.due += 1
    account.failed_tries += holding.failed
    if holding.accepted:
        account.delivered += 1
        account.duplicated += holding.accepted - 1
    else:
        account.lost.append(place)
    if len(holding.webhook_ids) > 1:
        account.renamed.append(place)


def _altered(request: Received, acknowledged: Mapping[int, Acknowledged]) -> bool:
    """Whether the body differs; an event whose acknowledgement was lost with a refusal cannot be compared."""
    event = acknowledged.get(request.number)
    return event is not None and event.digest != request.digest
