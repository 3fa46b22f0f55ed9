"""Products: their life, who finds them, and what they may contain."""

import itertools

import pytest

from gateway.errors import InputError
from gateway.models import Lifecycle, Product, SubscriptionState, Visibility
from gateway.products import (
    MOVES,
    change_product,
    create_product,
    delete_product,
    deprecate_product,
    publish_product,
    publishing_requirements,
    retire_product,
    unpublish_product,
    visible_products,
)
from tests.changes import actor_in, changes, refused
from tests.factories import (
    ApiDefinitionFactory,
    EventTypeFactory,
    OrganizationFactory,
    PlanFactory,
    ProductFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db

VERBS = {
    Lifecycle.PUBLISHED: ("product.publish", publish_product),
    Lifecycle.DRAFT: ("product.unpublish", unpublish_product),
    Lifecycle.DEPRECATED: ("product.deprecate", deprecate_product),
    Lifecycle.RETIRED: ("product.retire", retire_product),
}
PAIRS = list(itertools.product(Lifecycle, Lifecycle))
LEGAL = [(before, to) for before, to in PAIRS if to in MOVES[before]]
ILLEGAL = [(before, to) for before, to in PAIRS if to not in MOVES[before]]
FINDERS = {
    Visibility.PUBLIC: {"nobody", "stranger", "chosen", "own"},
    Visibility.AUTHENTICATED: {"stranger", "chosen", "own"},
    Visibility.ORGANIZATIONS: {"chosen", "own"},
}


@pytest.fixture
def organization():
    return OrganizationFactory()


@pytest.fixture
def actor(organization):
    return actor_in(organization)


@pytest.fixture
def product(organization):
    """Everything that publishing asks for is there."""
    made = ProductFactory(organization=organization, lifecycle=Lifecycle.DRAFT)
    made.definitions.add(ApiDefinitionFactory(organization=organization))
    made.event_types.add(EventTypeFactory(organization=organization))
    PlanFactory(product=made)
    return made


def in_state(product, lifecycle):
    Product.objects.filter(pk=product.pk).update(lifecycle=lifecycle)
    product.refresh_from_db()
    return product


def test_the_moves_are_those_of_its_documented_life():
    arrows = {(str(before), str(to)) for before, to in LEGAL}
    assert arrows == {
        ("draft", "published"),
        ("published", "draft"),
        ("published", "deprecated"),
        ("deprecated", "published"),
        ("deprecated", "retired"),
    }


@pytest.mark.parametrize(("before", "to"), LEGAL)
def test_a_legal_move_is_made_audited_and_announced(actor, product, before, to):
    verb, move = VERBS[to]
    with changes() as left:
        moved = move(actor, in_state(product, before))
    product.refresh_from_db()
    assert moved.lifecycle == product.lifecycle == to
    [row] = left.audit
    assert (row.verb, row.changes) == (verb, {"lifecycle": [before, to]})
    assert (row.actor, row.organization, row.object_id) == (actor.user, actor.organization, str(product.pk))
    assert left.counted == 1


@pytest.mark.parametrize(("before", "to"), ILLEGAL)
def test_an_illegal_move_is_refused_and_changes_nothing(actor, product, before, to):
    in_state(product, before)
    with refused("illegal_move"):
        VERBS[to][1](actor, product)
    product.refresh_from_db()
    assert product.lifecycle == before


def test_a_move_is_judged_by_the_row_as_it_is_now_not_as_it_was_read(actor, product):
    stale = Product.objects.get(pk=product.pk)
    in_state(product, Lifecycle.RETIRED)
    with refused("illegal_move"):
        publish_product(actor, stale)


def test_the_first_publication_is_remembered(actor, product):
    first = publish_product(actor, product).published_at
    assert first is not None
    unpublish_product(actor, product)
    assert publish_product(actor, product).published_at == first


@pytest.mark.parametrize(
    ("lacking", "code"),
    [("plans", "no_plan"), ("definitions", "no_definition"), ("event_types", "no_event_type")],
)
def test_what_lacks_something_to_sell_is_not_published(actor, product, lacking, code):
    getattr(product, lacking).all().delete()
    with refused(code):
        publish_product(actor, product)


@pytest.mark.parametrize("lifecycle", [Lifecycle.PUBLISHED, Lifecycle.DEPRECATED])
@pytest.mark.parametrize(
    ("lacking", "code"), [("definitions", "no_definition"), ("event_types", "no_event_type")]
)
def test_a_product_in_the_catalogue_cannot_be_emptied(actor, product, lifecycle, lacking, code):
    in_state(product, lifecycle)
    with changes() as left, refused(code):
        change_product(actor, product, {lacking: [], "summary": "Emptied"})
    product.refresh_from_db()
    assert (getattr(product, lacking).count(), product.summary) == (1, "")
    assert (left.audit, left.counted) == ([], 0)


def test_a_draft_may_be_emptied(actor, product):
    change_product(actor, product, {"definitions": [], "event_types": []})
    assert (product.definitions.count(), product.event_types.count()) == (0, 0)


def test_without_webhooks_no_event_type_is_asked_for(actor, product):
    product.event_types.clear()
    change_product(actor, product, {"webhooks_enabled": False})
    assert publish_product(actor, product).lifecycle == Lifecycle.PUBLISHED


@pytest.mark.parametrize("state", SubscriptionState)
def test_a_product_leaves_the_catalogue_only_while_nobody_is_subscribed(actor, product, state):
    in_state(product, Lifecycle.PUBLISHED)
    SubscriptionFactory(plan=product.plans.get(), state=state)
    if state in {SubscriptionState.REJECTED, SubscriptionState.CANCELLED}:
        assert unpublish_product(actor, product).lifecycle == Lifecycle.DRAFT
    else:
        with refused("in_use"):
            unpublish_product(actor, product)


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_the_catalogue_shows_it_to_its_audience_while_it_is_sold(product, visibility, lifecycle):
    in_state(product, lifecycle)
    Product.objects.filter(pk=product.pk).update(visibility=visibility)
    readers = {
        "nobody": None,
        "stranger": OrganizationFactory(),
        "chosen": OrganizationFactory(),
        "own": product.organization,
    }
    product.audience.add(readers["chosen"], OrganizationFactory())
    finders = {name for name, reader in readers.items() if list(visible_products(reader)) == [product]}
    nothing = {name for name, reader in readers.items() if list(visible_products(reader)) == []}
    sold = lifecycle in {Lifecycle.PUBLISHED, Lifecycle.DEPRECATED}
    assert finders == (FINDERS[visibility] if sold else set())
    assert finders | nothing == set(readers)


class TestContents:
    def test_a_product_is_made_as_a_draft_with_its_members(self, actor, organization):
        definition, event_type = (
            ApiDefinitionFactory(organization=organization),
            EventTypeFactory(organization=organization),
        )
        chosen = OrganizationFactory()
        with changes() as left:
            made = create_product(
                actor,
                name="Orders",
                visibility=Visibility.ORGANIZATIONS,
                webhooks_enabled=True,
                definitions=[definition],
                event_types=[event_type],
                audience=[chosen],
            )
        assert (made.slug, made.lifecycle, made.organization) == ("orders", Lifecycle.DRAFT, organization)
        assert list(made.definitions.all()) == [definition]
        assert list(made.event_types.all()) == [event_type]
        assert list(made.audience.all()) == [chosen]
        assert (left.verbs, left.counted) == (["product.create"], 1)

    def test_slugs_are_made_free_across_organizations(self, actor):
        slugs = [create_product(one, name="Orders!").slug for one in (actor, actor_in(OrganizationFactory()))]
        assert slugs == ["orders", "orders-2"]
        assert create_product(actor, name="注文").slug == "product"

    def test_a_slug_that_is_taken_is_refused_where_it_was_given(self, actor):
        ProductFactory(slug="orders")
        with pytest.raises(InputError) as error:
            create_product(actor, name="Orders", slug="orders")
        assert [fault.pointer for fault in error.value.faults] == ["/slug"]

    @pytest.mark.parametrize(
        ("field", "factory"), [("definitions", ApiDefinitionFactory), ("event_types", EventTypeFactory)]
    )
    def test_a_product_contains_nothing_of_another_organization(self, actor, product, field, factory):
        own = getattr(product, field).get()
        with changes() as left, pytest.raises(InputError) as error:
            change_product(actor, product, {"name": "Other", field: [own, factory()]})
        [fault] = error.value.faults
        assert (fault.pointer, fault.code) == (f"/{field}/1", "foreign")
        assert (left.audit, left.counted) == ([], 0)
        product.refresh_from_db()
        assert product.name != "Other"

    def test_a_change_is_audited_by_what_is_different_now(self, actor, product):
        before = product.event_types.get()
        after = EventTypeFactory(organization=product.organization)
        with changes() as left:
            change_product(actor, product, {"name": product.name, "summary": "New", "event_types": [after]})
        [row] = left.audit
        assert row.changes == {"summary": ["", "New"], "event_types": [[before.name], [after.name]]}
        assert left.counted == 1

    def test_a_change_does_not_take_back_a_move_made_meanwhile(self, actor, product):
        stale = Product.objects.get(pk=product.pk)
        publish_product(actor, product)
        change_product(actor, stale, {"summary": "New"})
        product.refresh_from_db()
        assert (product.lifecycle, product.summary) == (Lifecycle.PUBLISHED, "New")

    def test_a_retired_product_stays_as_it_was(self, actor, product):
        in_state(product, Lifecycle.RETIRED)
        with refused("retired"):
            change_product(actor, product, {"name": "Other"})

    def test_a_draft_that_nobody_subscribed_to_is_deleted(self, actor, product):
        with changes() as left:
            delete_product(actor, product)
        assert not Product.objects.exists()
        assert (left.verbs, left.counted) == (["product.delete"], 1)

    @pytest.mark.parametrize("lifecycle", [one for one in Lifecycle if one != Lifecycle.DRAFT])
    def test_what_was_ever_sold_is_not_deleted(self, actor, product, lifecycle):
        with refused("in_use"):
            delete_product(actor, in_state(product, lifecycle))

    def test_a_draft_with_past_subscriptions_is_not_deleted(self, actor, product):
        SubscriptionFactory(plan=product.plans.get(), state=SubscriptionState.CANCELLED)
        with refused("in_use"):
            delete_product(actor, product)

    def test_what_is_missing_is_listed_as_publishing_would_refuse_it(self, actor):
        bare = create_product(actor, name="Bare", webhooks_enabled=True)
        codes = [each.fault and each.fault.code for each in publishing_requirements(bare)]
        assert codes == ["no_plan", "no_definition", "no_event_type"]
        with refused("no_plan"):
            publish_product(actor, bare)
        PlanFactory(product=bare)
        bare.definitions.add(ApiDefinitionFactory(organization=actor.organization))
        change_product(actor, bare, {"webhooks_enabled": False})
        bare.refresh_from_db()
        assert [each.fault for each in publishing_requirements(bare)] == [None, None, None]
        publish_product(actor, bare)
