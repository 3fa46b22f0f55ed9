"""Endpoints: made within the plan, changed, moved between states, deleted with what waits for them."""

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from gateway.errors import InputError
from gateway.models import App, EventType, Lifecycle, Product, Role, Subscription, SubscriptionState
from gateway.models.subscription import LIVE
from tests.changes import actor_in, changes, refused, texts
from tests.factories import (
    AppFactory,
    CredentialFactory,
    DeliveryFactory,
    DueFactory,
    EndpointFactory,
    EventTypeFactory,
    PlanFactory,
    SubscriptionFactory,
)
from webhooks.endpoint_states import MOVES, disable_endpoint, enable_endpoint, pause_endpoint
from webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    decrypt_headers,
    decrypt_keys,
    delete_app,
    delete_endpoint,
    delete_unchosen_event_type,
)
from webhooks.models import Delivery, DeliveryState, Due, Endpoint, EndpointSecret, EndpointState, Lane
from webhooks.signing import secret_key

pytestmark = pytest.mark.django_db

URL = "https://receiver.example.com/hook"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0ISEhISEh"
VERBS = {
    EndpointState.ENABLED: ("endpoint.enable", enable_endpoint),
    EndpointState.PAUSED: ("endpoint.pause", pause_endpoint),
    EndpointState.DISABLED: (
        "endpoint.disable",
        lambda actor, endpoint: disable_endpoint(actor, endpoint, "It answered 410."),
    ),
}
PAIRS = list(itertools.product(EndpointState, EndpointState))
LEGAL = [(before, to) for before, to in PAIRS if to in MOVES[before]]
ILLEGAL = [(before, to) for before, to in PAIRS if to not in MOVES[before]]


@pytest.fixture
def app():
    return AppFactory()


@pytest.fixture
def developer(app):
    return actor_in(app.organization, Role.DEVELOPER)


@pytest.fixture
def endpoint(app):
    return EndpointFactory(app=app)


def faults_of(error):
    return [(fault.pointer, fault.code) for fault in error.value.faults]


def subscribe(app, *names, **values):
    """A subscription of a product that offers these event types; returns them."""
    subscription = SubscriptionFactory(app=app, **values)
    owner = subscription.product.organization
    offered = [EventTypeFactory(organization=owner, name=name) for name in names]
    subscription.product.event_types.set(offered)
    return offered


class TestCreating:
    def test_an_endpoint_is_made_with_its_lane_and_one_encrypted_secret(self, developer, app):
        with changes() as left:
            made = create_endpoint(
                developer, app, url=URL, secret=SECRET, description="Mine", max_in_flight=4
            )
        endpoint = Endpoint.objects.get()
        assert (endpoint.app, endpoint.url, endpoint.state) == (app, URL, EndpointState.ENABLED)
        assert (endpoint.description, endpoint.max_in_flight) == ("Mine", 4)
        assert endpoint.public_id.startswith("ep_")
        assert [lane.key for lane in endpoint.lanes.all()] == [""]
        kept = endpoint.secrets.get()
        assert decrypt_keys(endpoint, [kept.ciphertext]) == [secret_key(SECRET)]
        assert secret_key(SECRET) not in bytes(kept.ciphertext)
        assert made.secret == SECRET
        [row] = left.audit
        assert (row.verb, row.actor, row.changes) == ("endpoint.create", developer.user, {"url": [None, URL]})
        assert left.counted == 1

    def test_a_secret_is_generated_where_none_is_given_and_shown_once(self, developer, app):
        made = [create_endpoint(developer, app, url=URL) for _ in range(2)]
        assert made[0].secret != made[1].secret
        for one in made:
            keys = decrypt_keys(one.endpoint, one.endpoint.secrets.values_list("ciphertext", flat=True))
            assert keys == [secret_key(one.secret)]

    def test_no_audit_row_tells_a_secret_or_a_header(self, developer, app):
        with changes() as left:
            made = create_endpoint(
                developer, app, url=URL, secret=SECRET, headers={"Authorization": "Bearer hidden"}
            )
            change_endpoint(developer, made.endpoint, {"headers": {"Authorization": "Bearer covert"}})
        said = texts(left.audit)
        assert left.verbs == ["endpoint.create", "endpoint.change"]
        assert left.audit[1].changes == {"headers": ["(not shown)", "(not shown)"]}
        assert not any(hidden in said for hidden in (SECRET, SECRET[6:], "hidden", "covert", "Bearer"))

    @pytest.mark.parametrize(
        ("values", "fault"),
        [
            ({"url": "ftp://receiver.example.com/"}, ("/url", "url")),
            ({"url": "https://user:password@receiver.example.com/"}, ("/url", "url")),
            ({"url": "https://10.0.0.1/hook"}, ("/url", "forbidden_address")),
            ({"url": "http://169.254.169.254/latest/meta-data/"}, ("/url", "forbidden_address")),
            ({"url": "https://[::1]/"}, ("/url", "forbidden_address")),
            ({"secret": "too short"}, ("/secret", "secret")),
            ({"secret": "whsec_not base64"}, ("/secret", "secret")),
            ({"headers": {"webhook-signature": "v1,mine"}}, ("/headers", "header")),
            ({"headers": {"X-A": "1\r\nX-B: 2"}}, ("/headers", "header")),
            ({"max_in_flight": 0}, ("", "invalid")),
            ({"max_in_flight": 257}, ("", "invalid")),
            ({"event_types": ["order.created"]}, ("/event_types/0", "unknown")),
        ],
    )
    def test_what_cannot_work_is_refused_where_it_was_given(self, developer, app, settings, values, fault):
        settings.OUTBOUND_ALLOW = ()
        with changes() as left, pytest.raises(InputError) as error:
            create_endpoint(developer, app, **{"url": URL, **values})
        assert faults_of(error) == [fault]
        assert (left.audit, left.counted, Endpoint.objects.count(), Lane.objects.count()) == ([], 0, 0, 0)

    def test_an_address_that_the_operator_allows_may_be_called(self, developer, app, settings):
        settings.OUTBOUND_ALLOW = ("10.0.0.0/8",)
        assert create_endpoint(developer, app, url="https://10.0.0.1/hook").endpoint.url.endswith(
            "10.0.0.1/hook"
        )


class TestMaxEndpoints:
    def test_the_plan_says_how_many_an_app_has(self, developer, app):
        SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=2))
        EndpointFactory.create_batch(3)  # other apps'
        for _ in range(2):
            create_endpoint(developer, app, url=URL)
        with refused("plan_limit"):
            create_endpoint(developer, app, url=URL)
        assert (Endpoint.objects.filter(app=app).count(), Lane.objects.filter(endpoint__app=app).count()) == (
            2,
            2,
        )
        delete_endpoint(developer, Endpoint.objects.filter(app=app).first())
        create_endpoint(developer, app, url=URL)

    @pytest.mark.parametrize(
        ("limits", "allowed"),
        [((1, 3), 3), ((3, 1), 3), ((1, None), None), ((None,), None), ((), None), ((0,), 0)],
    )
    def test_the_most_generous_plan_counts(self, developer, app, limits, allowed):
        for limit in limits:
            SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=limit))
        for _ in range(4 if allowed is None else allowed):
            create_endpoint(developer, app, url=URL)
        if allowed is not None:
            with refused("plan_limit"):
                create_endpoint(developer, app, url=URL)

    @pytest.mark.parametrize("state", [one for one in SubscriptionState if one != SubscriptionState.APPROVED])
    def test_only_an_approved_subscription_counts(self, developer, app, state):
        SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=1))
        SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=5), state=state)
        SubscriptionFactory(plan=PlanFactory(max_endpoints=5))  # another app's
        create_endpoint(developer, app, url=URL)
        with refused("plan_limit"):
            create_endpoint(developer, app, url=URL)


class TestEventTypes:
    def test_an_endpoint_chooses_from_what_its_app_is_subscribed_to(self, developer, app):
        created, paid = subscribe(app, "order.created", "order.paid")
        EventTypeFactory(name="order.created")  # another organization's, offered to nobody
        endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
        assert list(endpoint.event_types.all()) == [created]
        with changes() as left:
            change_endpoint(developer, endpoint, {"event_types": ["order.paid"]})
        assert list(endpoint.event_types.all()) == [paid]
        [row] = left.audit
        assert row.changes == {"event_types": [["order.created"], ["order.paid"]]}
        change_endpoint(developer, endpoint, {"event_types": []})
        assert not endpoint.event_types.exists()

    def test_a_name_that_two_publishers_offer_means_both(self, developer, app):
        [mine], [theirs] = subscribe(app, "order.created"), subscribe(app, "order.created")
        endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
        assert set(endpoint.event_types.all()) == {mine, theirs}

    def test_an_event_type_goes_when_no_endpoint_has_chosen_it_any_more(self, developer, app):
        """Without its only choice an endpoint would receive every type."""
        [created] = subscribe(app, "order.created")
        publisher = actor_in(created.organization, Role.PUBLISHER)
        endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
        Product.objects.get().event_types.clear()
        with refused("in_use"):
            delete_unchosen_event_type(publisher, created)
        assert list(endpoint.event_types.all()) == [created]
        change_endpoint(developer, endpoint, {"event_types": []})
        with changes() as left:
            delete_unchosen_event_type(publisher, created)
        assert not EventType.objects.exists()
        assert left.verbs == ["event_type.delete"]

    def test_an_event_type_that_a_product_offers_stays(self, app):
        [created] = subscribe(app, "order.created")
        with refused("in_use"):
            delete_unchosen_event_type(actor_in(created.organization), created)
        assert EventType.objects.get() == created

    def test_every_name_that_is_not_offered_is_named_with_its_place(self, developer, app):
        subscribe(app, "order.created")
        with pytest.raises(InputError) as error:
            create_endpoint(developer, app, url=URL, event_types=["order", "order.created", "Order.created"])
        assert [fault.pointer for fault in error.value.faults] == ["/event_types/0", "/event_types/2"]

    @pytest.mark.parametrize("state", SubscriptionState)
    def test_a_subscription_offers_while_it_lives(self, developer, app, state):
        subscribe(app, "order.created", state=state)
        self.offers(developer, app, state in LIVE)

    @pytest.mark.parametrize("lifecycle", Lifecycle)
    def test_a_product_offers_while_it_is_sold(self, developer, app, lifecycle):
        subscribe(app, "order.created")
        Product.objects.update(lifecycle=lifecycle)
        self.offers(developer, app, lifecycle in {Lifecycle.PUBLISHED, Lifecycle.DEPRECATED})

    def test_a_product_without_webhooks_offers_none(self, developer, app):
        subscribe(app, "order.created")
        Product.objects.update(webhooks_enabled=False)
        self.offers(developer, app, False)

    def test_what_another_app_is_subscribed_to_is_not_offered(self, developer, app):
        subscribe(AppFactory(organization=app.organization), "order.created")
        self.offers(developer, app, False)

    def offers(self, developer, app, expected):
        if expected:
            made = create_endpoint(developer, app, url=URL, event_types=["order.created"])
            assert [one.name for one in made.endpoint.event_types.all()] == ["order.created"]
        else:
            with pytest.raises(InputError) as error:
                create_endpoint(developer, app, url=URL, event_types=["order.created"])
            assert faults_of(error) == [("/event_types/0", "unknown")]


class TestChanging:
    def test_a_change_is_audited_by_what_is_different_now(self, developer, endpoint):
        before = endpoint.url
        with changes() as left:
            change_endpoint(developer, endpoint, {"url": URL + "/2", "description": "", "max_in_flight": 8})
        endpoint.refresh_from_db()
        assert (endpoint.url, endpoint.max_in_flight) == (URL + "/2", 8)
        [row] = left.audit
        assert (row.verb, row.object_id) == ("endpoint.change", endpoint.public_id)
        assert row.changes == {"url": [before, URL + "/2"], "max_in_flight": [16, 8]}
        assert left.counted == 1

    def test_headers_are_encrypted_and_replaced_as_a_whole(self, developer, endpoint):
        change_endpoint(developer, endpoint, {"headers": {"X-Tenant": "seven", "X-Other": "1"}})
        endpoint.refresh_from_db()
        assert decrypt_headers(endpoint) == {"X-Tenant": "seven", "X-Other": "1"}
        assert b"seven" not in bytes(endpoint.headers)
        change_endpoint(developer, endpoint, {"headers": {"X-Tenant": "eight"}})
        endpoint.refresh_from_db()
        assert decrypt_headers(endpoint) == {"X-Tenant": "eight"}
        change_endpoint(developer, endpoint, {"headers": {}})
        endpoint.refresh_from_db()
        assert (endpoint.headers, decrypt_headers(endpoint)) == (None, {})

    def test_a_change_that_cannot_be_changes_nothing(self, developer, endpoint, settings):
        settings.OUTBOUND_ALLOW = ()
        for values in ({"url": "http://127.0.0.1/"}, {"event_types": ["order.lost"]}, {"max_in_flight": 0}):
            with changes() as left, pytest.raises(InputError):
                change_endpoint(developer, endpoint, {"description": "New", **values})
            assert (left.audit, left.counted) == ([], 0)
            kept = Endpoint.objects.get()
            assert (kept.url, kept.description, kept.max_in_flight) == (endpoint.url, "", 16)

    def test_a_change_does_not_enable_what_was_disabled_meanwhile(self, developer, endpoint):
        stale = Endpoint.objects.get()
        disable_endpoint(developer, endpoint, "It answered 410.")
        change_endpoint(developer, stale, {"description": "New"})
        kept = Endpoint.objects.get()
        assert (kept.state, kept.state_reason) == (EndpointState.DISABLED, "It answered 410.")
        assert kept.description == "New"


class TestStates:
    @pytest.mark.parametrize(("before", "to"), LEGAL)
    def test_a_legal_move_is_made_audited_and_announced(self, developer, endpoint, before, to):
        Endpoint.objects.update(state=before, state_reason="before")
        verb, move = VERBS[to]
        with changes() as left:
            moved = move(developer, endpoint)
        kept = Endpoint.objects.get()
        assert moved.state == kept.state == to
        assert bool(kept.state_reason) == (to != EndpointState.ENABLED)
        [row] = left.audit
        assert (row.verb, row.actor, row.object_id) == (verb, developer.user, endpoint.public_id)
        assert row.changes == {"state": [before, to], "reason": [None, kept.state_reason]}
        assert left.counted == 1

    @pytest.mark.parametrize(("before", "to"), ILLEGAL)
    def test_an_illegal_move_is_refused_and_changes_nothing(self, developer, endpoint, before, to):
        Endpoint.objects.update(state=before, state_reason="before")
        with refused("illegal_move"):
            VERBS[to][1](developer, endpoint)
        kept = Endpoint.objects.get()
        assert (kept.state, kept.state_reason) == (before, "before")

    def test_the_moves_are_those_that_are_documented(self):
        assert {(str(before), str(to)) for before, to in LEGAL} == {
            ("enabled", "paused"),
            ("enabled", "disabled"),
            ("paused", "enabled"),
            ("paused", "disabled"),
            ("disabled", "enabled"),
        }

    def test_what_is_enabled_again_begins_with_a_clean_record(self, developer, endpoint):
        now = timezone.now()
        Endpoint.objects.update(state=EndpointState.DISABLED, failing_since=now, warned_at=now)
        Lane.objects.update(failures=9, open_at=now + dt.timedelta(hours=1))
        other = EndpointFactory().lanes.get()
        Lane.objects.filter(pk=other.pk).update(failures=4)
        enable_endpoint(developer, endpoint)
        kept, lane = Endpoint.objects.get(pk=endpoint.pk), endpoint.lanes.get()
        assert (kept.failing_since, kept.warned_at) == (None, None)
        assert (lane.failures, lane.open_at) == (0, None)
        assert Lane.objects.get(pk=other.pk).failures == 4

    def test_a_pause_keeps_what_is_known_of_its_failures(self, developer, endpoint):
        Endpoint.objects.update(failing_since=timezone.now())
        pause_endpoint(developer, endpoint)
        assert Endpoint.objects.get().failing_since is not None


class TestDeleting:
    def test_what_waits_is_cancelled_and_history_stays(self, developer, endpoint):
        waiting = [
            DeliveryFactory(endpoint=endpoint, state=state, due_at=timezone.now())
            for state in (DeliveryState.PENDING, DeliveryState.RETRYING)
        ]
        DueFactory(delivery=waiting[0])
        DueFactory(delivery=waiting[1], lease=7)
        done = [
            DeliveryFactory(endpoint=endpoint, state=state)
            for state in (DeliveryState.DELIVERED, DeliveryState.EXHAUSTED)
        ]
        elsewhere = DeliveryFactory(endpoint__app=endpoint.app)
        DueFactory(delivery=elsewhere)
        with changes() as left:
            delete_endpoint(developer, endpoint)
        assert list(Due.objects.values_list("delivery_id", flat=True)) == [elsewhere.pk]
        for delivery in Delivery.objects.filter(pk__in=[one.pk for one in waiting]):
            assert (delivery.state, delivery.due_at) == (DeliveryState.CANCELLED, None)
            assert delivery.finished_at is not None
        for before in (*done, elsewhere):
            kept = Delivery.objects.get(pk=before.pk)
            assert (kept.state, kept.finished_at) == (before.state, None)
        assert list(Endpoint.objects.all()) == [elsewhere.endpoint]
        assert not EndpointSecret.objects.filter(endpoint_id=endpoint.pk).exists()
        assert [lane.endpoint for lane in Lane.objects.all()] == [elsewhere.endpoint]
        [row] = left.audit
        assert (row.verb, row.object_name) == ("endpoint.delete", endpoint.url)
        assert left.counted == 1

    def test_an_app_goes_with_all_that_is_its_own(self, developer, app):
        endpoints = EndpointFactory.create_batch(2, app=app)
        for endpoint in endpoints:
            DueFactory(delivery=DeliveryFactory(endpoint=endpoint))
        SubscriptionFactory(app=app)
        CredentialFactory(app=app)
        others = SubscriptionFactory()
        with changes() as left:
            delete_app(developer, app)
        assert (Due.objects.count(), Endpoint.objects.count()) == (0, 0)
        assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.CANCELLED}
        assert list(Subscription.objects.all()) == [others]
        assert list(App.objects.all()) == [others.app]
        assert left.verbs == ["endpoint.delete", "endpoint.delete", "app.delete"]
