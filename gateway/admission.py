"""Who is let in to what: credentials or a ticket, then the plan's limits, then a place among the open streams."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import psycopg

from gateway.analytics import Analytics
from gateway.authentication import TICKET, OpenAccess, Refusal, authenticate, caller_of_app
from gateway.budgets import Budgets
from gateway.call import Call
from gateway.caller import Caller
from gateway.client import Client
from gateway.clients import Clients
from gateway.configuration import Configuration
from gateway.database import Pool
from gateway.protocol import Receive, Scope, Send
from gateway.routes import Purpose, Route
from gateway.tickets import redeem_ticket

_KEPT_OPEN: Final = frozenset({Purpose.POLL, Purpose.STREAM, Purpose.WEBSOCKET, Purpose.INGEST_WEBSOCKET})


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets callers in."""

    pool: Pool
    budgets: Budgets
    analytics: Analytics
    clients: Clients
    open_access: OpenAccess

    async def admit(
        self, configuration: Configuration, route: Route, scope: Scope, receive: Receive, send: Send
    ) -> Call | Refusal:
        """Let a request or handshake in, or say why not. What it is counted under is decided here too."""
        now = dt.datetime.now(dt.UTC)
        ticket = ticket_of(scope) if route.purpose in _KEPT_OPEN else ""
        if ticket:
            caller = await self._by_ticket(ticket, configuration, route, scope, now)
        else:
            caller = authenticate(scope, route.api, configuration.table, self.open_access, now)
        if isinstance(caller, Refusal):
            self.analytics.meter(route.api, Caller("", self.open_access.limits)).request(caller.code)
            return caller
        return self._within_limits(caller, route, (scope, receive, send))

    def _within_limits(
        self, caller: Caller, route: Route, ends: tuple[Scope, Receive, Send]
    ) -> Call | Refusal:
        meter = self.analytics.meter(route.api, caller)
        budget = self.budgets.for_caller(caller)
        verdict = budget.request()
        if not verdict.allowed:
            meter.request(verdict.code)
            detail = f"The plan's limit is met. Try again in {verdict.retry_after} s."
            return Refusal(429, verdict.code, detail, verdict.headers)
        client: Client | None = None
        if route.purpose in _KEPT_OPEN:
            client = self.clients.open(route, caller)
            if client is None:
                meter.request("clients_exceeded")
                return _too_many(caller, draining=self.clients.draining)
        meter.request("accepted")
        return Call(*ends, route, caller, budget, meter, client)

    async def _by_ticket(
        self, ticket: str, configuration: Configuration, route: Route, scope: Scope, now: dt.datetime
    ) -> Caller | Refusal:
        stream = route.stream.name if route.stream is not None else ""
        try:
            app_id = await redeem_ticket(self.pool, ticket, route.api.definition_id, stream)
        except (psycopg.Error, OSError):
            return Refusal(503, "tickets_unavailable", "Tickets cannot be checked at the moment. Try again.")
        if app_id is None:
            detail = "The ticket was used, has expired, or is for another stream. Ask for a new one."
            return Refusal(401, "ticket_invalid", detail)
        return caller_of_app(scope, app_id, route.api, configuration.table, now)


def ticket_of(scope: Scope) -> str:
    """The ticket a request shows; empty for none."""
    if b"ticket=" not in scope["query_string"]:
        return ""
    query: bytes = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"))).get(TICKET, "")


def _too_many(caller: Caller, *, draining: bool) -> Refusal:
    if draining:
        detail = "This process is about to end. Connect again."
        return Refusal(503, "shutdown", detail, ((b"retry-after", b"1"),))
    most = caller.limits.max_clients
    detail = f"The plan allows {most} open streams at a time. Close one first."
    return Refusal(429, "clients_exceeded", detail, ((b"retry-after", b"5"),))
