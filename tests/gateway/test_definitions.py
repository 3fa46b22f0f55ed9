"""Definitions: saved as a whole or not at all; every activation is a revision that can be rolled back to."""

import json
from importlib import import_module

import pytest
from django.apps import apps

from gateway.definitions import (
    activate_definition,
    create_definition,
    deactivate_definition,
    delete_definition,
    document_digest,
    patched_document,
    replace_definition,
    roll_back_definition,
)
from gateway.errors import InputError
from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from gateway.models import ApiDefinition, DefinitionState, Dialect, Lifecycle, Revision, Role
from streams.builtin import core_registry
from tests.changes import actor_in, changes, refused
from tests.factories import OrganizationFactory, ProductFactory

pytestmark = pytest.mark.django_db

REGISTRY = core_registry()
GENERATE = {"input": {"generate": {"mapping": "root = {}"}}, "output": {"drop": {}}}


def document(name="Orders", path="/orders/", *, active=False, streams=None) -> str:
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": name, "version": "1"},
            "paths": {},
            "x-tyk-api-gateway": {
                "info": {"name": name, "state": {"active": active}},
                "server": {"listenPath": {"value": path}},
            },
            "x-tyk-streaming": {"streams": streams or {"orders": GENERATE}},
        }
    )


BROKEN = document(streams={"orders": {"input": {"no_such_input": {}}, "output": {"drop": {}}}})


@pytest.fixture
def actor():
    return actor_in(OrganizationFactory(), Role.PUBLISHER)


def create(actor, text=None, **values):
    return create_definition(actor, text or document(), Dialect.SLUICE, REGISTRY, **values).definition


def replace(actor, definition, text, **values):
    return replace_definition(actor, definition, text, REGISTRY, **values).definition


def running(definition):
    """The number of the revision that runs, as the database has it; None: none does."""
    row = ApiDefinition.objects.select_related("active_revision").get(pk=definition.pk)
    assert (row.state == DefinitionState.ACTIVE) == (row.active_revision is not None)
    return row.active_revision and row.active_revision.number


def audited(left):
    return [(row.verb, row.changes) for row in left.audit]


class TestSaving:
    def test_what_was_made_from_an_older_document_replaces_nothing(self, actor):
        definition = create(actor)
        shown = document_digest(definition.document)
        replace(actor, definition, document() + "\n", base=shown)
        with refused("changed_meanwhile"):
            replace(actor, definition, document() + "\n\n", base=shown)
        assert ApiDefinition.objects.get().document == document() + "\n"

    def test_a_draft_is_saved_as_it_was_written_and_runs_nothing(self, actor):
        text = document("Orders", "/shop/orders/")
        with changes() as left:
            definition = create(actor, text)
        definition.refresh_from_db()
        assert (definition.document, definition.name, definition.listen_path) == (
            text,
            "Orders",
            "/shop/orders/",
        )
        assert (definition.organization, definition.state) == (actor.organization, DefinitionState.DRAFT)
        assert not definition.revisions.exists()
        assert audited(left) == [("definition.create", {"dialect": [None, "sluice"]})]
        assert left.counted == 0, "nothing that runs has changed"

    @pytest.mark.parametrize(
        ("active", "activate", "runs"),
        [
            (False, None, False),
            (True, None, True),
            (False, True, True),
            (True, False, False),
        ],
    )
    def test_the_caller_or_else_the_document_says_whether_it_runs(self, actor, active, activate, runs):
        with changes() as left:
            definition = create(actor, document(active=active), activate=activate)
        assert running(definition) == (1 if runs else None)
        assert left.verbs == ["definition.create"] + ["definition.activate"] * runs
        assert left.counted == int(runs)

    @pytest.mark.parametrize("text", [BROKEN, "{", "[]", "openapi: 3.0.3"])
    def test_what_cannot_run_is_not_saved_at_all(self, actor, text):
        with changes() as left, pytest.raises(InputError) as error:
            create(actor, text, activate=True)
        assert all(fault.message and fault.code for fault in error.value.faults)
        assert (left.audit, left.counted, ApiDefinition.objects.count()) == ([], 0, 0)

    def test_a_fault_names_its_place_in_the_document(self, actor):
        with pytest.raises(InputError) as error:
            create(actor, json.dumps(json.loads(BROKEN), indent=2))
        [fault] = [fault for fault in error.value.faults if "no_such_input" in fault.message]
        assert fault.pointer.startswith("/x-tyk-streaming/streams/orders/input")
        lines = json.dumps(json.loads(BROKEN), indent=2).splitlines()
        assert "no_such_input" in lines[fault.line - 1]

    def test_where_streaming_is_switched_off_nothing_is_saved(self, actor, settings):
        settings.STREAMING_ENABLED = False
        with refused("streaming_disabled"):
            create(actor)
        assert not ApiDefinition.objects.exists()


class TestReplacing:
    def test_a_draft_takes_the_name_and_path_of_its_new_document(self, actor):
        definition = create(actor)
        with changes() as left:
            replace(actor, definition, document("Parcels", "/parcels/"))
        definition.refresh_from_db()
        assert (definition.name, definition.listen_path) == ("Parcels", "/parcels/")
        assert (left.verbs, left.counted) == (["definition.change"], 0)

    def test_what_runs_keeps_its_name_and_path_until_the_next_activation(self, actor):
        definition = create(actor, activate=True)
        text = document("Parcels", "/parcels/")
        replace(actor, definition, text, activate=False)
        definition.refresh_from_db()
        assert (definition.name, definition.listen_path, definition.document) == ("Orders", "/orders/", text)
        assert definition.active_revision.document == document()
        activate_definition(actor, definition, REGISTRY)
        definition.refresh_from_db()
        assert (definition.name, definition.listen_path) == ("Parcels", "/parcels/")
        assert (definition.active_revision.document, running(definition)) == (text, 2)

    def test_a_document_that_says_inactive_stops_what_runs(self, actor):
        definition = create(actor, document(active=True))
        with changes() as left:
            replace(actor, definition, document("Parcels", "/parcels/", active=False))
        assert running(definition) is None
        assert left.verbs == ["definition.deactivate", "definition.change"]
        assert left.counted == 1
        definition.refresh_from_db()
        assert (definition.name, definition.listen_path) == ("Parcels", "/parcels/")

    def test_a_broken_document_replaces_nothing_and_stops_nothing(self, actor):
        definition = create(actor, activate=True)
        with changes() as left, pytest.raises(InputError):
            replace(actor, definition, BROKEN)
        definition.refresh_from_db()
        assert (definition.document, running(definition)) == (document(), 1)
        assert (left.audit, left.counted) == ([], 0)


class TestRevisions:
    def test_every_activation_counts_up_and_keeps_what_ran(self, actor):
        definition = create(actor, activate=True)
        other = document("Orders", "/orders/", streams={"second": GENERATE})
        with changes() as left:
            replace(actor, definition, other, activate=True)
        assert audited(left) == [("definition.change", {}), ("definition.activate", {"revision": [1, 2]})]
        assert left.counted == 1
        kept = Revision.objects.order_by("number").values_list("number", "document", "activated_by")
        assert list(kept) == [(1, document(), actor.user.pk), (2, other, actor.user.pk)]

    def test_numbers_are_counted_within_a_definition(self, actor):
        first = create(actor, activate=True)
        second = create(actor, document("Parcels", "/parcels/"), activate=True)
        activate_definition(actor, first, REGISTRY, "again")
        assert (running(first), running(second)) == (2, 1)
        assert Revision.objects.get(definition=first, number=2).note == "again"

    def test_a_rollback_runs_an_earlier_document_as_a_new_revision(self, actor):
        first = document("Orders", "/orders/")
        definition = create(actor, first, activate=True)
        replace(actor, definition, document("Parcels", "/parcels/"), activate=True)
        with changes() as left:
            roll_back_definition(actor, definition, 1, REGISTRY)
        definition.refresh_from_db()
        assert running(definition) == 3
        assert (definition.document, definition.active_revision.document) == (first, first)
        assert (definition.name, definition.listen_path) == ("Orders", "/orders/")
        assert definition.active_revision.note == "Rolled back to revision 1."
        assert audited(left) == [("definition.activate", {"revision": [2, 3]})]
        assert left.counted == 1
        assert Revision.objects.get(number=1).document == first, "history stays"

    def test_a_rollback_of_a_draft_runs_it(self, actor):
        definition = create(actor, activate=True)
        deactivate_definition(actor, definition)
        roll_back_definition(actor, definition, 1, REGISTRY)
        assert running(definition) == 2

    def test_there_is_no_rollback_to_what_never_was_or_is_anothers(self, actor):
        definition = create(actor, activate=True)
        other = create(actor, document("Parcels", "/parcels/"), activate=True)
        activate_definition(actor, other, REGISTRY)
        for number in (0, 2):
            with changes() as left, pytest.raises(InputError) as error:
                roll_back_definition(actor, definition, number, REGISTRY)
            assert [(fault.pointer, fault.code) for fault in error.value.faults] == [("/revision", "unknown")]
            assert (left.audit, running(definition)) == ([], 1)

    def test_a_rollback_to_what_can_run_no_more_is_refused_and_the_present_goes_on(self, actor):
        definition = create(actor, activate=True)
        Revision.objects.update(document=BROKEN)
        replace(actor, definition, document("Parcels"), activate=True)
        with changes() as left, pytest.raises(InputError, match="no_such_input"):
            roll_back_definition(actor, definition, 1, REGISTRY)
        assert (running(definition), left.audit, left.counted) == (2, [], 0)

    def test_a_definition_is_deactivated_once(self, actor):
        definition = create(actor, activate=True)
        with changes() as left:
            deactivate_definition(actor, definition)
        assert running(definition) is None
        assert (left.verbs, left.counted) == (["definition.deactivate"], 1)
        with refused("illegal_move"):
            deactivate_definition(actor, definition)


@pytest.fixture(params=["the same organization", "another organization"])
def neighbour(request, actor):
    """Somebody whose active definition listens at /orders/."""
    same = request.param == "the same organization"
    somebody = actor if same else actor_in(OrganizationFactory(), Role.PUBLISHER)
    create(somebody, activate=True)
    return somebody


class TestListenPath:
    def refuses(self, act):
        with changes() as left, pytest.raises(InputError) as error:
            act()
        [fault] = error.value.faults
        assert (fault.code, fault.pointer) == (
            "listen_path_taken",
            "/x-tyk-api-gateway/server/listenPath/value",
        )
        assert "another definition listens at /orders/" in fault.message
        assert (left.audit, left.counted) == ([], 0)

    def test_a_path_that_is_listened_at_is_taken_for_everybody(self, actor, neighbour):
        self.refuses(lambda: create(actor, document("Mine", "/orders/"), activate=True))
        mine = create(actor, document("Mine", "/mine/"), activate=True)
        self.refuses(lambda: replace(actor, mine, document("Mine", "/orders/"), activate=True))
        assert ApiDefinition.objects.get(pk=mine.pk).listen_path == "/mine/"

    def test_a_draft_saved_before_cannot_be_activated_at_a_path_taken_since(self, actor):
        mine = create(actor, document("Mine", "/orders/"))
        create(actor_in(OrganizationFactory()), activate=True)
        self.refuses(lambda: activate_definition(actor, mine, REGISTRY))
        assert running(mine) is None

    def test_a_rollback_does_not_take_a_path_back_that_is_anothers_now(self, actor):
        mine = create(actor, document("Mine", "/orders/"), activate=True)
        replace(actor, mine, document("Mine", "/mine/"), activate=True)
        create(actor_in(OrganizationFactory()), activate=True)
        self.refuses(lambda: roll_back_definition(actor, mine, 1, REGISTRY))
        assert running(mine) == 2

    def test_a_path_is_free_again_when_nobody_listens(self, actor, neighbour):
        [theirs] = ApiDefinition.objects.all()
        deactivate_definition(neighbour, theirs)
        mine = create(actor, document("Mine", "/orders/"), activate=True)
        assert running(mine) == 1

    def test_a_definition_is_not_in_its_own_way(self, actor):
        definition = create(actor, activate=True)
        activate_definition(actor, definition, REGISTRY)
        assert running(definition) == 2

    @pytest.mark.parametrize("path", ["/api/", "/admin/streams/", "/healthz/"])
    def test_paths_of_sluice_itself_are_nobodys(self, actor, path):
        with pytest.raises(InputError) as error:
            create(actor, document("Mine", path))
        assert path.split("/")[1] in str(error.value)


class TestDeleting:
    @pytest.mark.parametrize("activate", [True, False])
    def test_a_definition_goes_with_its_revisions(self, actor, activate):
        definition = create(actor, activate=True)
        activate_definition(actor, definition, REGISTRY)
        if not activate:
            deactivate_definition(actor, definition)
        with changes() as left:
            delete_definition(actor, definition)
        assert (ApiDefinition.objects.count(), Revision.objects.count()) == (0, 0)
        [row] = left.audit
        assert (row.verb, row.object_id, row.object_name) == (
            "definition.delete",
            definition.public_id,
            "Orders",
        )
        assert left.counted == 1

    @pytest.mark.parametrize("lifecycle", Lifecycle)
    def test_what_a_product_sells_is_not_deleted(self, actor, lifecycle):
        definition = create(actor, activate=True)
        ProductFactory(organization=actor.organization, lifecycle=lifecycle).definitions.add(definition)
        if lifecycle in {Lifecycle.PUBLISHED, Lifecycle.DEPRECATED}:
            with refused("in_use"):
                delete_definition(actor, definition)
            assert running(definition) == 1
        else:
            delete_definition(actor, definition)
            assert not ApiDefinition.objects.exists()


class TestPatching:
    @pytest.mark.parametrize(
        ("before", "patch", "after"),
        [
            # The examples of RFC 7396, appendix A, whose target is an object as a definition is.
            ({"a": "b"}, {"a": "c"}, {"a": "c"}),
            ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
            ({"a": "b"}, {"a": None}, {}),
            ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
            ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
            ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
            ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
            ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
            ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
            ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ],
    )
    def test_a_merge_patch_does_as_its_specification_shows(self, before, patch, after):
        definition = ApiDefinition(document=json.dumps(before))
        assert json.loads(patched_document(definition, json.dumps(patch))) == after

    @pytest.mark.parametrize("patch", ["[]", '"c"', "null", "{", ""])
    def test_a_patch_that_is_no_object_is_refused(self, patch):
        with pytest.raises(InputError) as error:
            patched_document(ApiDefinition(document="{}"), patch)
        assert error.value.faults


def test_a_definition_that_runs_says_for_what_clients_may_call_it(actor):
    served = {
        "live": {
            "input": {"generate": {"mapping": "root = {}"}},
            "output": {"broker": {"outputs": [{"http_server": {"path": ""}}, {"drop": {}}]}},
        },
        "posted": {"input": {"http_server": {"path": "/in", "ws_path": ""}}, "output": {"drop": {}}},
    }
    registry = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)
    text = document(streams=served)
    made = create_definition(actor, text, Dialect.SLUICE, registry, activate=True).definition
    assert made.serves == ["ingest", "stream", "websocket"]
    filled = ApiDefinition.objects.get(pk=made.pk)
    ApiDefinition.objects.update(serves=[])
    import_module("gateway.migrations.0009_definition_serves").fill_serves(apps, None)
    filled.refresh_from_db()
    assert filled.serves == made.serves
    assert deactivate_definition(actor, made).serves == []
