"""Tickets: who gets one, for what, and that each opens one stream."""

import datetime as dt
import threading

import pytest
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from gateway.definitions import deactivate_definition
from gateway.errors import InputError
from gateway.models import Subscription, SubscriptionState, Ticket
from gateway.organizations import set_organization_active
from gateway.subscriptions import suspend_subscription
from gateway.tickets import TICKET_SECONDS, forget_expired_tickets, issue_ticket
from tests.changes import actor_in, changes
from tests.factories import OrganizationFactory
from tests.gateway.asgi_harness import SERVERS, gateway_process, wait_until
from tests.gateway.shop import document, open_shop
from tests.parts import embedded

pytestmark = pytest.mark.django_db(transaction=True)


class Ticketed:
    """A shop, and an app that may get tickets."""

    def __init__(self, *gateways, **limits):
        self.shop = open_shop(**limits)
        self.app = self.shop.app()
        self.key = self.shop.key(self.app)
        for gateway in gateways:
            wait_until(lambda one=gateway: self._is_served(one), "the shop does not open")

    def _is_served(self, gateway):
        headers = {"Authorization": self.key}
        return gateway.request("POST", "/shop/chat", data=b"{}", headers=headers).status_code == 200

    def issue(self, *, app=None, actor=None, definition=None, stream="chat"):
        app = app or self.app
        actor = actor or self.shop.developers[app.pk]
        return issue_ticket(actor, app, definition or self.shop.definition.public_id, stream)


@pytest.fixture(scope="module", params=SERVERS)
def gateway(request, gateway_environment):
    with gateway_process(gateway_environment, request.param) as running:
        yield running


@pytest.fixture(scope="module")
def other(gateway_environment):
    with gateway_process(gateway_environment) as running:
        yield running


def path(ticket, stream="/shop/chat/ws"):
    return f"{stream}?ticket={ticket}"


def refused(gateway, ticket, stream="/shop/chat/ws", **headers):
    with pytest.raises(InvalidStatus) as error:
        gateway.websocket(path(ticket, stream), headers)
    return error.value.response.status_code


def code(issue):
    with pytest.raises(InputError) as error:
        issue()
    return [(fault.pointer, fault.code) for fault in error.value.faults]


def test_a_ticket_opens_one_stream_and_no_second(gateway):
    ticket = Ticketed(gateway).issue().ticket
    with gateway.websocket(path(ticket)) as client:
        client.send(b"{}")
    assert refused(gateway, ticket) in {401, 403}
    assert not Ticket.objects.exists()


def test_of_those_who_show_a_ticket_at_once_to_two_processes_one_gets_in(gateway, other):
    ticket, got = Ticketed(gateway, other).issue().ticket, []

    def show(where):
        try:
            with where.websocket(path(ticket)):
                got.append("in")
        except InvalidStatus:
            got.append("out")

    threads = [threading.Thread(target=show, args=(where,)) for where in (gateway, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["in"] + ["out"] * 7


def test_neither_tickets_nor_keys_are_logged(gateway_environment):
    with gateway_process(gateway_environment, SLUICE_LOG_LEVEL="INFO") as talkative:
        ticketed = Ticketed(talkative)
        ticket = ticketed.issue().ticket
        with talkative.websocket(path(ticket)):
            pass
        assert refused(talkative, ticket) in {401, 403}
        log = (embedded.DIRECTORY / f"{talkative.child.command.name}.log").read_text()
    assert ticket not in log
    assert ticketed.key not in log


def test_a_ticket_of_an_organization_that_was_closed_opens_nothing(gateway):
    ticketed = Ticketed(gateway)
    ticket = ticketed.issue().ticket
    set_organization_active(ticketed.shop.publisher, ticketed.app.organization, active=False)
    headers = {"Authorization": ticketed.key}
    wait_until(lambda: gateway.request("POST", "/shop/chat", data=b"{}", headers=headers).status_code == 401)
    assert refused(gateway, ticket) in {401, 403}


def test_a_ticket_is_for_one_stream(gateway):
    ticketed = Ticketed(gateway)
    more = {"input": {"http_server": {"path": "/more", "ws_path": "/more/ws"}}, "output": {"drop": {}}}
    ticketed.shop.replace(
        document({"chat": {**more, "input": {"http_server": {"path": "/chat"}}}, "more": more})
    )
    headers = {"Authorization": ticketed.key}
    wait_until(lambda: gateway.request("POST", "/shop/more", data=b"{}", headers=headers).status_code == 200)
    ticket = ticketed.issue(stream="more").ticket
    assert refused(gateway, ticket, "/shop/post/ws") in {401, 403}
    with gateway.websocket(path(ticket, "/shop/more/ws")):
        pass


def test_a_ticket_that_is_too_old_opens_nothing(gateway):
    ticket = Ticketed(gateway).issue().ticket
    Ticket.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert refused(gateway, ticket) in {401, 403}


def test_a_ticket_does_not_outlive_the_right_to_the_stream(gateway):
    ticketed = Ticketed(gateway)
    ticket = ticketed.issue().ticket
    subscription = ticketed.shop.subscription(ticketed.app)
    suspend_subscription(ticketed.shop.publisher, subscription)
    wait_until(
        lambda: (
            gateway.request(
                "POST", "/shop/chat", data=b"{}", headers={"Authorization": ticketed.key}
            ).status_code
            == 403
        )
    )
    assert refused(gateway, ticket) in {401, 403}


def test_a_page_of_another_origin_gets_nothing_by_a_ticket(gateway):
    ticketed = Ticketed(gateway)
    ticket = ticketed.issue().ticket
    assert refused(gateway, ticket, Origin="https://elsewhere.example.com") == 403
    with gateway.websocket(path(ticket), {"Origin": "http://localhost:3000"}):
        pass  # the portal's, and the ticket was not used up by the other


def test_a_ticket_lasts_a_minute_and_is_kept_as_a_digest_alone():
    ticketed = Ticketed()
    before = timezone.now()
    with changes() as left:
        issued = ticketed.issue()
    row = Ticket.objects.get()
    assert before <= row.expires_at - dt.timedelta(seconds=TICKET_SECONDS) <= timezone.now()
    assert TICKET_SECONDS == 60
    assert issued.ticket.encode() not in bytes(row.digest)
    assert (left.audit, left.counted) == ([], 0)


def test_nobody_gets_a_ticket_for_what_the_app_may_not_read():
    ticketed = Ticketed()
    unknown = [("/definition", "unknown")]
    waiting = ticketed.shop.app(SubscriptionState.SUSPENDED)
    assert code(lambda: ticketed.issue(app=ticketed.shop.app(None))) == unknown
    assert code(lambda: ticketed.issue(app=waiting)) == unknown
    assert code(lambda: ticketed.issue(definition="nothing")) == unknown
    assert code(lambda: ticketed.issue(stream="nothing")) == [("/stream", "unknown")]
    stranger = actor_in(OrganizationFactory())
    assert code(lambda: ticketed.issue(actor=stranger)) == [("/app", "unknown")]
    Subscription.objects.update(expires_at=timezone.now())
    assert code(ticketed.issue) == unknown


def test_there_are_no_tickets_for_what_does_not_run():
    ticketed = Ticketed()
    deactivate_definition(ticketed.shop.publisher, ticketed.shop.definition)
    assert code(ticketed.issue) == [("/definition", "unknown")]


def test_tickets_that_were_not_used_are_cleared_away():
    ticketed = Ticketed()
    ticketed.issue()
    assert forget_expired_tickets() == 0
    Ticket.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert forget_expired_tickets() == 1
