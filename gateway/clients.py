"""The open streams of this process, and which of them are to end after a change. Each change is looked at once."""

import asyncio
import datetime as dt
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.access_table import AccessTable, Grant, KnownCredential
from gateway.caller import Caller, Limits
from gateway.caller_variables import attribute_text
from gateway.client import Client, CloseReason
from gateway.client_counts import ClientCounts
from gateway.routes import ActiveApi, Route
from streams.variables import variables_of

LOOK_SECONDS: Final = 5.0
"""All streams are looked at this often though nothing changed: other processes may have opened too many meanwhile."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What open streams are judged by."""

    apis: Mapping[int, ActiveApi]
    """By definition."""
    table: AccessTable
    now: dt.datetime
    loop_time: float
    """The event loop's clock, which streams were opened by."""

    def grant(self, caller: Caller, definition_id: int) -> Grant | None:
        """The subscription a stream was opened under, as it is now."""
        among = self.table.grants if caller.examples is None else self.table.requested
        grants = among.get((caller.app_id or 0, definition_id), ())
        return next((one for one in grants if one.subscription_id == caller.subscription_id), None)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a stream was opened under, as it is now."""

    credential: KnownCredential | None
    grant: Grant | None

    def limits(self, client: Client) -> Limits:
        """Those of the plan; of an open API, those it was opened under."""
        return client.caller.limits if self.grant is None else self.grant.limits

    def end(self, client: Client, standing: Standing) -> float:
        """When the stream ends if nothing changes, on the event loop's clock."""
        expiring = (one.expires_at for one in (self.credential, self.grant) if one is not None)
        return end_by_time(client, self.limits(client), expiring, standing.now, standing.loop_time)


def reason_to_end(client: Client, standing: Standing, rights: Rights) -> CloseReason | None:
    """Why an open stream is to end, if it is."""
    api = standing.apis.get(client.route.api.definition_id)
    if api is None:
        return CloseReason.DEACTIVATED
    if api is not client.route.api and not _is_same(client.route, api):
        return CloseReason.CHANGED
    if client.caller.subscription_id is None:
        return None
    return _of_credential(client.caller, rights.credential, standing.now) or _of_grant(
        client, rights.grant, standing
    )


def end_by_time(
    client: Client, limits: Limits, expiring: Iterable[dt.datetime | None], now: dt.datetime, loop_time: float
) -> float:
    """When time alone ends a stream, on the event loop's clock; expiring: ends of what it was opened under."""
    ends = [loop_time + (end - now).total_seconds() for end in expiring if end is not None]
    if limits.client_age_seconds is not None:
        ends.append(client.opened_at + limits.client_age_seconds)
    return min(ends, default=math.inf)


def _of_credential(
    caller: Caller, credential: KnownCredential | None, now: dt.datetime
) -> CloseReason | None:
    if caller.credential_id is None:  # it came by ticket
        return None
    if credential is None or credential.revoked:
        return CloseReason.REVOKED
    return None if credential.is_valid(now) else CloseReason.EXPIRED


def _of_grant(client: Client, grant: Grant | None, standing: Standing) -> CloseReason | None:
    if grant is None:
        return CloseReason.UNSUBSCRIBED if client.caller.examples is None else CloseReason.DECIDED
    if not grant.is_valid(standing.now):
        return CloseReason.EXPIRED
    if client.caller.examples is None and _reads_otherwise(client, grant):
        return CloseReason.CHANGED
    age = grant.limits.client_age_seconds
    aged = age is not None and standing.loop_time - client.opened_at >= age
    return CloseReason.AGED if aged else None


def _reads_otherwise(client: Client, grant: Grant) -> bool:
    """Tell whether an attribute that the stream reads as `$tyk_meta` is another than when it was opened."""
    before, now, stream = client.caller.attributes, grant.attributes, client.route.stream
    if before is now or stream is None:
        return False
    # First what is cheap: every open stream is judged again and again, and hardly ever has anything changed.
    changed = {
        f"tyk_meta.{name}"
        for name in before.keys() | now.keys()
        if attribute_text(before.get(name)) != attribute_text(now.get(name))
    }
    return bool(changed) and not changed.isdisjoint(variables_of(stream))


class Clients:
    """Counts them in and out."""

    def __init__(self, counts: ClientCounts) -> None:
        """counts: what callers have open at other processes, and how those learn what they have open here."""
        self._counts = counts
        self._clients: dict[int, Client] = {}
        self._numbers = itertools.count(1)
        self._by_budget: Counter[str] = Counter()
        self._draining = False
        self._due = 0.0
        """When, on the event loop's clock, the next stream may end by time alone."""
        self._empty = asyncio.Event()

    @property
    def draining(self) -> bool:
        """The process is about to end."""
        return self._draining

    def __len__(self) -> int:
        return len(self._clients)

    def __iter__(self) -> Iterator[Client]:
        return iter(list(self._clients.values()))

    def open(self, route: Route, caller: Caller) -> Client | None:
        """Count a client in; None where the plan allows no more, or the process is about to end."""
        limit, key = caller.limits.max_clients, caller.budget_key
        if self._draining or (
            limit is not None and self._by_budget[key] + self._counts.elsewhere(key) >= limit
        ):
            return None
        client = Client(route, caller, next(self._numbers), asyncio.get_running_loop().time())
        self._clients[client.number] = client
        now = dt.datetime.now(dt.UTC)
        self._due = min(
            self._due, end_by_time(client, caller.limits, [caller.expires_at], now, client.opened_at)
        )
        self._by_budget[key] += 1
        self._counts.add(key, 1)
        return client

    def close(self, client: Client) -> None:
        """Count a client out."""
        if self._clients.pop(client.number, None) is None:
            return
        if not self._clients:
            self._empty.set()
        key = client.caller.budget_key
        self._by_budget[key] -= 1
        self._counts.add(key, -1)
        if not self._by_budget[key]:
            del self._by_budget[key]

    async def all_left(self) -> None:
        """Return when no stream is open."""
        while self._clients:
            self._empty.clear()
            await self._empty.wait()

    def is_due(self, loop_time: float) -> bool:
        """Tell whether streams are to be looked at though nothing changed; a look costs microseconds for each."""
        return loop_time >= self._due

    def enforce(self, standing: Standing) -> None:
        """End what is no longer allowed; of too many, the newest."""
        credentials = {one.id: one for one in standing.table.credentials.values()}
        kept: Counter[str] = Counter()
        self._due = standing.loop_time + LOOK_SECONDS
        for client in self:
            caller = client.caller
            rights = Rights(
                credentials.get(caller.credential_id or 0),
                standing.grant(caller, client.route.api.definition_id),
            )
            reason = reason_to_end(client, standing, rights)
            if reason is None:
                kept[caller.budget_key] += 1
                reason = self._too_many(caller.budget_key, kept, rights.limits(client))
            if reason is not None:
                client.end(reason)
            else:
                self._due = min(self._due, rights.end(client, standing))

    def _too_many(self, key: str, kept: Counter[str], limits: Limits) -> CloseReason | None:
        most = limits.max_clients
        beyond = most is not None and kept[key] + self._counts.first(key) > most
        return CloseReason.LIMITED if beyond else None

    def end_all(self, reason: CloseReason) -> None:
        """End every stream; at a shutdown, let none in any more."""
        if reason is CloseReason.SHUTDOWN and not self._draining:
            self._draining = True
            self._counts.leave()
        for client in self:
            client.end(reason)


def _is_same(route: Route, api: ActiveApi) -> bool:
    """Tell whether an API still has the route a stream came by."""
    name = route.stream.name if route.stream is not None else ""
    same = (api.listen_path, api.authenticated, api.dialect, api.connections)
    was = (route.api.listen_path, route.api.authenticated, route.api.dialect, route.api.connections)
    return same == was and api.streams.get(name) == route.stream
