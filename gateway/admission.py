"""Who is let in to what: credentials or a ticket, then the plan's limits, then a place among the open streams."""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl

import psycopg

from gateway.analytics import Analytics, TrafficMeter
from gateway.authentication import (
    TICKET,
    OpenAccess,
    Refusal,
    authenticate,
    caller_of_app,
    peer_address,
    shown_digest,
)
from gateway.budgets import Budgets, CallerBudget
from gateway.call import Call
from gateway.caller import Caller
from gateway.client import Client
from gateway.clients import Clients
from gateway.configuration import Configuration
from gateway.database import Pool
from gateway.passes import Passes
from gateway.protocol import Headers, Receive, Scope, Send
from gateway.routes import Purpose, Route
from gateway.tickets import redeem_ticket

_KEPT_OPEN: Final = frozenset({Purpose.POLL, Purpose.STREAM, Purpose.WEBSOCKET, Purpose.INGEST_WEBSOCKET})

Ends = tuple[Scope, Receive, Send, Headers]
"""A request: its scope, its two directions, and its headers."""
Counted = tuple[Caller, CallerBudget, TrafficMeter]
"""Somebody who was let in, what they may still use, and where it is counted."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets callers in."""

    pool: Pool
    budgets: Budgets
    analytics: Analytics
    clients: Clients
    open_access: OpenAccess
    passes: Passes = field(default_factory=Passes)

    def admit(self, configuration: Configuration, route: Route, ends: Ends) -> Call | Refusal:
        """Let a request or handshake in, or say why not. What it is counted under is decided here too."""
        admitted = self._by_key(configuration, route, ends)
        return admitted if isinstance(admitted, Refusal) else self._within_limits(admitted, route, ends)

    async def admit_by_ticket(
        self, ticket: str, configuration: Configuration, route: Route, ends: Ends
    ) -> Call | Refusal:
        """Let in who shows a ticket instead of a key."""
        caller = await self._by_ticket(ticket, configuration, route, ends[0], dt.datetime.now(dt.UTC))
        admitted = self._counted(caller, route)
        return admitted if isinstance(admitted, Refusal) else self._within_limits(admitted, route, ends)

    def _by_key(self, configuration: Configuration, route: Route, ends: Ends) -> Refusal | Counted:
        """Who shows this key, as it was found out a moment ago or is now."""
        api, scope = route.api, ends[0]
        if not api.authenticated:
            return self._judged(configuration, route, scope)
        key = (api.definition_id, shown_digest(ends[3], scope["query_string"], api.key_places))
        found = self.passes.find(configuration, key)
        if found is None:
            admitted = self._judged(configuration, route, scope)
            if isinstance(admitted, Refusal):
                return admitted
            found = self.passes.issue(key, *admitted)
        # Whoever calls under it now may come from elsewhere than who called first.
        address = peer_address(scope)
        caller = found.caller if found.caller.address == address else replace(found.caller, address=address)
        return caller, found.budget, found.meter

    def _judged(self, configuration: Configuration, route: Route, scope: Scope) -> Refusal | Counted:
        now = dt.datetime.now(dt.UTC)
        return self._counted(
            authenticate(scope, route.api, configuration.table, self.open_access, now), route
        )

    def _counted(self, caller: Caller | Refusal, route: Route) -> Refusal | Counted:
        """A caller with its budget and meter; a refusal is counted at once."""
        if isinstance(caller, Refusal):
            self.analytics.meter(route.api, Caller("", self.open_access.limits)).request(caller.code)
            return caller
        return caller, self.budgets.for_caller(caller), self.analytics.meter(route.api, caller)

    def _within_limits(self, admitted: Counted, route: Route, ends: Ends) -> Call | Refusal:
        caller, budget, meter = admitted
        verdict = budget.request()
        if not verdict.allowed:
            meter.request(verdict.code)
            detail = f"The plan's limit is met. Try again in {verdict.retry_after} s."
            return Refusal(429, verdict.code, detail, verdict.headers)
        client: Client | None = None
        if route.purpose in _KEPT_OPEN:
            client = self.clients.open(route, caller)
            if client is None:
                refusal = SHUTDOWN if self.clients.draining else _too_many(caller)
                meter.request(refusal.code)
                return refusal
        meter.request("accepted")
        return Call(*ends, route, caller, budget, meter, client)

    async def _by_ticket(
        self, ticket: str, configuration: Configuration, route: Route, scope: Scope, now: dt.datetime
    ) -> Caller | Refusal:
        # Who guesses, or tries one again and again, is slowed down before the database is asked.
        guessing = self.budgets.for_caller(Caller(peer_address(scope), self.open_access.limits)).request()
        if not guessing.allowed:
            detail = f"Too many tickets were shown from this address. Try again in {guessing.retry_after} s."
            return Refusal(429, "tickets_exceeded", detail, guessing.headers)
        stream = route.stream.name if route.stream is not None else ""
        try:
            app_id = await redeem_ticket(self.pool, ticket, route.api.definition_id, stream)
        except (psycopg.Error, OSError):
            return Refusal(503, "tickets_unavailable", "Tickets cannot be checked at the moment. Try again.")
        if app_id is None:
            detail = "The ticket was used, has expired, or is for another stream. Ask for a new one."
            return Refusal(401, "ticket_invalid", detail)
        return caller_of_app(scope, app_id, route.api, configuration.table, now)


def ticket_of(route: Route, scope: Scope) -> str:
    """The ticket a request shows where one counts; empty for none."""
    if (
        b"ticket=" not in scope["query_string"]
        or route.purpose not in _KEPT_OPEN
        or not route.api.authenticated
    ):
        return ""
    query: bytes = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"))).get(TICKET, "")


def _too_many(caller: Caller) -> Refusal:
    most = caller.limits.max_clients
    detail = f"The plan allows {most} open streams at a time. Close one first."
    return Refusal(429, "clients_exceeded", detail, ((b"retry-after", b"5"),))


SHUTDOWN: Final = Refusal(
    503, "shutdown", "This process is about to end. Connect again.", ((b"retry-after", b"1"),)
)
