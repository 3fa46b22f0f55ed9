"""What workers keep in PostgreSQL: leases, instances, quarantine, and how they learn of a change."""

import asyncio
import datetime as dt
import json

import pytest

from gateway.instances import PostgresInstances
from gateway.leases import PostgresLeases
from gateway.models import (
    ApiDefinition,
    Connection,
    DefinitionState,
    Dialect,
    Instance,
    Organization,
    Quarantine,
    QuarantineState,
    Revision,
    RevisionCounter,
)
from gateway.poll_times import PostgresPollTimes
from gateway.quarantine import PostgresQuarantine
from gateway.revision import ActiveDefinitions, current_revision
from gateway.worker_organizations import WorkerOrganizations
from streams.builtin import core_registry
from streams.errors import OutputError
from streams.instance import InstanceReport, InstanceState
from streams.quarantine import QuarantinedMessage
from streams.secrets import KeyRing
from streams.spec import StreamIdentity
from webhooks.database import open_pool

pytestmark = pytest.mark.django_db(transaction=True)
RING = KeyRing([b"k" * 32])


@pytest.fixture
def using(postgres_url):
    """Run a coroutine function with a pool like a worker's."""

    def run(work):
        async def go():
            pool = await open_pool(postgres_url)
            try:
                return await work(pool)
            finally:
                await pool.close()

        return asyncio.run(go())

    return run


@pytest.fixture
def definition() -> ApiDefinition:
    organization = Organization.objects.create(name="Shop", slug="shop")
    return ApiDefinition.objects.create(
        organization=organization,
        public_id="d1",
        name="Orders",
        dialect=Dialect.SLUICE,
        document="{}",
        listen_path="/orders/",
    )


def activate(definition: ApiDefinition, streams: dict) -> None:
    document = {
        "info": {"title": "Orders"},
        "x-tyk-api-gateway": {"server": {"listenPath": {"value": "/orders/"}}},
        "x-tyk-streaming": {"streams": streams},
    }
    definition.active_revision = Revision.objects.create(
        definition=definition,
        number=definition.revisions.count() + 1,
        document=json.dumps(document),
        listen_path="/orders/",
    )
    definition.state = DefinitionState.ACTIVE
    definition.save()


class TestLeases:
    def test_one_process_holds_a_lease_until_it_gives_it_up(self, using):
        async def work(pool):
            one, other = PostgresLeases(pool, "one"), PostgresLeases(pool, "other")
            first = await one.acquire("k", 60)
            assert await other.acquire("k", 60) is None
            assert await one.acquire("k", 60) == first
            await other.release("k")
            assert await other.acquire("k", 60) is None
            await one.release("k")
            assert await other.acquire("k", 60) > first

        using(work)

    def test_a_lease_that_ran_out_is_anybodys_under_a_higher_token(self, using):
        async def work(pool):
            first = await PostgresLeases(pool, "one").acquire("k", -1)
            second = await PostgresLeases(pool, "other").acquire("k", 60)
            assert second > first
            assert await PostgresLeases(pool, "one").acquire("k", 60) is None

        using(work)


class TestPolls:
    def test_a_source_is_polled_once_in_an_interval_by_whichever_worker(self, using):
        async def work(pool):
            one, other = PostgresPollTimes(pool), PostgresPollTimes(pool)
            claims = [times.claim("1/s/input", b"get", 60) for times in (one, other) * 4]
            waits = sorted(await asyncio.gather(*claims))
            assert waits[0] == 0
            assert all(0 < wait <= 60 for wait in waits[1:])
            assert await other.claim("1/t/input", b"get", 60) == 0

        using(work)

    def test_another_request_may_be_made_at_once_and_a_poll_when_its_interval_is_over(self, using):
        async def work(pool):
            times = PostgresPollTimes(pool)
            assert await times.claim("k", b"get", 60) == 0
            assert await times.claim("k", b"post", 60) == 0
            assert await times.claim("k", b"post", 0) == 0

        using(work)


class TestInstances:
    REPORT = InstanceReport(
        definition_id=0,
        stream="orders",
        revision=3,
        state=InstanceState.RUNNING,
        since=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        partitions={"orders": [0, 2]},
        lag=5,
        last_error="nul \0 byte",
    )

    def report(self, definition) -> InstanceReport:
        fields = {name: getattr(self.REPORT, name) for name in self.REPORT.__dataclass_fields__}
        return InstanceReport(**(fields | {"definition_id": definition.pk}))

    def test_each_report_replaces_the_one_before(self, using, definition):
        async def work(pool):
            store = PostgresInstances(pool, "one")
            for _ in range(2):
                await store.report([self.report(definition)])

        using(work)
        [instance] = Instance.objects.all()
        assert (instance.stream, instance.revision, instance.state, instance.lag) == (
            "orders",
            3,
            "running",
            5,
        )
        assert instance.partitions == {"orders": [0, 2]}

    def test_a_process_that_says_nothing_any_more_is_forgotten(self, using, definition):
        async def work(pool):
            await PostgresInstances(pool, "dead").report([self.report(definition)])
            async with pool.connection() as connection:
                await connection.execute(
                    "UPDATE gateway_instance SET seen_at = seen_at - interval '1 minute'"
                )
            await PostgresInstances(pool, "living").report([])

        using(work)
        assert not Instance.objects.exists()

    def test_a_definition_that_was_deleted_is_left_out(self, using, definition):
        gone = self.report(definition)
        definition.delete()
        using(lambda pool: PostgresInstances(pool, "one").report([gone]))
        assert not Instance.objects.exists()


class TestQuarantine:
    def message(self, definition, identity: bytes = b"i" * 32) -> QuarantinedMessage:
        stream = StreamIdentity(definition.pk, definition.organization_id, "Orders", "orders", "sluice", 3)
        return QuarantinedMessage(
            stream, "mapping", 2, "bad \0 thing", b"\0raw", {"kafka_key": "k"}, "orders/0@7", identity
        )

    def test_a_message_is_held_once_however_often_it_is_read(self, using, definition):
        async def work(pool):
            for _ in range(2):
                await PostgresQuarantine(pool).hold([self.message(definition)])

        using(work)
        [held] = Quarantine.objects.all()
        assert (held.state, held.line, bytes(held.content)) == (QuarantineState.HELD, 2, b"\0raw")
        assert held.metadata == {"kafka_key": "k"}

    def test_what_is_to_be_retried_is_handed_over_once_as_somebody_mended_it(self, using, definition):
        given = []

        async def work(pool):
            store, stream = PostgresQuarantine(pool), self.message(definition).stream
            await store.hold([self.message(definition), self.message(definition, b"j" * 32)])
            async with pool.connection() as connection:
                await connection.execute(
                    "UPDATE gateway_quarantine SET state = 'retrying', edited = %s WHERE identity = %s",
                    [b"mended", b"j" * 32],
                )

            async def handle(messages):
                given.extend(messages)

            for _ in range(2):
                await store.release(stream, handle)

        using(work)
        [message] = given
        assert (message.content, message.source.position) == (b"mended", "orders/0@7")
        states = dict(Quarantine.objects.values_list("identity", "state"))
        assert {bytes(key): state for key, state in states.items()} == {
            b"i" * 32: "held",
            b"j" * 32: "retried",
        }

    def test_what_could_not_be_handed_over_is_still_to_be_retried(self, using, definition):
        async def work(pool):
            store, message = PostgresQuarantine(pool), self.message(definition)
            await store.hold([message])
            async with pool.connection() as connection:
                await connection.execute("UPDATE gateway_quarantine SET state = 'retrying'")

            async def handle(messages):
                raise OutputError("away")

            with pytest.raises(OutputError):
                await store.release(message.stream, handle)

        using(work)
        assert Quarantine.objects.get().state == QuarantineState.RETRYING

    def test_the_database_being_unable_is_an_output_error(self, using, definition):
        async def work(pool):
            lost = self.message(definition)
            definition_id = lost.stream.definition_id + 999
            stream = StreamIdentity(definition_id, 1, "Orders", "orders", "sluice", 3)
            message = QuarantinedMessage(stream, "mapping", None, "e", b"", {}, "", b"x" * 32)
            with pytest.raises(OutputError, match="did not take"):
                await PostgresQuarantine(pool).hold([message])

        using(work)


GENERATE = {"input": {"generate": {"mapping": "root = {}"}}, "output": {"drop": {}}}


class TestActiveDefinitions:
    def load(self, using, organizations=None):
        return using(
            lambda pool: ActiveDefinitions(
                pool, core_registry(), RING, raw_addresses=False, organizations=organizations
            ).load()
        )

    def test_active_streams_are_loaded_with_their_connections(self, using, definition):
        other = Organization.objects.create(name="Other", slug="other")
        everybodys = Connection.objects.create(name="a", addresses=["a:9092"])
        private = Connection.objects.create(name="b", addresses=["b:9092"])
        private.organizations.add(other)
        assert self.load(using) == []
        activate(definition, {"one": GENERATE, "two": GENERATE})
        streams = self.load(using)
        assert [stream.key for stream in streams] == [(definition.pk, "one"), (definition.pk, "two")]
        assert [known.name for known in streams[0].connections.known] == [everybodys.name]

    def test_what_a_closed_organization_or_a_draft_defines_does_not_run(self, using, definition):
        activate(definition, {"one": GENERATE})
        Organization.objects.update(is_active=False)
        assert self.load(using) == []
        Organization.objects.update(is_active=True)
        ApiDefinition.objects.update(state=DefinitionState.DRAFT)
        assert self.load(using) == []

    def test_a_revision_that_can_be_run_no_more_is_left_out_and_the_others_run(
        self, using, definition, caplog
    ):
        activate(definition, {"one": {"input": {"stdin": {}}, "output": {"drop": {}}}})
        assert self.load(using) == []
        assert "Orders cannot be run" in caplog.text

    def test_an_organization_given_to_workers_of_a_name_runs_in_them_alone(self, using, definition):
        activate(definition, {"one": GENERATE})
        assigned = {definition.organization.slug: "heavy"}
        assert [one.key for one in self.load(using, WorkerOrganizations("heavy", assigned))] == [
            (definition.pk, "one")
        ]
        assert self.load(using, WorkerOrganizations("", assigned)) == []
        assert self.load(using, WorkerOrganizations("heavy", {"other": "heavy"})) == []
        assert self.load(using, WorkerOrganizations())

    def test_the_counter_is_what_it_says(self, using, definition):
        RevisionCounter.objects.update(value=41)
        assert using(current_revision) == 41
