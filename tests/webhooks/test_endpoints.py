"""Endpoints: made within the plan, changed, moved between states, deleted with what waits for them."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from gateway.errors import InputError, RefusedError
from gateway.models import App, Lifecycle, Role, Subscription, SubscriptionState
from tests.changes import actor_in, changes, refused, texts
from tests.factories import (
    AppFactory,
    CredentialFactory,
    DeliveryFactory,
    DueFactory,
    EndpointFactory,
    PlanFactory,
    ProductFactory,
    SubscriptionFactory,
)
from webhooks.endpoint_states import disable_endpoint
from webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    decrypt_headers,
    decrypt_keys,
    delete_app,
    delete_endpoint,
)
from webhooks.models import Delivery, DeliveryState, Due, Endpoint, EndpointSecret, EndpointState, Lane
from webhooks.signing import secret_key

pytestmark = pytest.mark.django_db

URL = "https://receiver.example.com/hook"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0ISEhISEh"


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

    def test_an_expired_subscription_and_a_retired_product_count_no_more(self, developer, app):
        yesterday = timezone.now() - dt.timedelta(days=1)
        SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=1))
        SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=5), expires_at=yesterday)
        retired = ProductFactory(lifecycle=Lifecycle.RETIRED)
        SubscriptionFactory(app=app, plan=PlanFactory(product=retired, max_endpoints=5))
        create_endpoint(developer, app, url=URL)
        with refused("plan_limit"):
            create_endpoint(developer, app, url=URL)


@pytest.mark.django_db(transaction=True)
def test_two_endpoints_made_at_the_same_moment_do_not_both_take_the_last_place(developer, app):
    SubscriptionFactory(app=app, plan=PlanFactory(max_endpoints=1))
    together, outcomes = threading.Barrier(2), []

    def create():
        together.wait()
        try:
            create_endpoint(developer, app, url=URL)
            outcomes.append("made")
        except RefusedError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "plan_limit"]
    assert Endpoint.objects.count() == 1


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
