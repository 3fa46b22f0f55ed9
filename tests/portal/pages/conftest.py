"""An estate to look at, and clients of those who look."""

import os
from dataclasses import dataclass

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import sync_playwright

from gateway.actor import Actor
from gateway.definitions import create_definition
from gateway.models import App, Dialect, Product, Role, SubscriptionState, Visibility
from portal.components import definition_registry
from portal.demonstration import shop
from tests import factories
from tests.parts.chromium import ARGUMENTS

LONG_NAME = "a-name-of-sixty-characters-that-breaks-what-is-not-careful-x"
"""Sixty characters without a place to break."""


@dataclass(frozen=True)
class Estate:
    """One organization that publishes and subscribes, and another one."""

    actor: Actor
    stranger: Actor
    public: Product
    shared: Product
    app: App


def make_actor(role=Role.OWNER, name="Nordwind"):
    organization = factories.OrganizationFactory(name=name)
    membership = factories.MembershipFactory(organization=organization, role=role)
    return Actor(membership.user, membership.organization, role)


def make_product(actor, **values):
    product = factories.ProductFactory(organization=actor.organization, **values)
    factories.PlanFactory(product=product, name="Free", approval="automatic", quota=1000)
    types = [factories.EventTypeFactory(organization=actor.organization, schema={}) for _ in range(3)]
    product.event_types.set(types)
    return product


@pytest.fixture
def estate(db, valkey_url):
    return make_estate()


def make_estate():
    factories.ConnectionFactory(name=shop.CONNECTION)
    actor = make_actor()
    definition = create_definition(
        actor, shop.orders(), Dialect.SLUICE, definition_registry(), activate=True
    ).definition
    public = make_product(
        actor, name=LONG_NAME, slug="orders", visibility=Visibility.PUBLIC, summary="Orders."
    )
    public.definitions.set([definition])
    shared = make_product(actor, name="Shared stock", slug="stock", visibility=Visibility.ORGANIZATIONS)
    return Estate(actor, make_actor(name="Elsewhere"), public, shared, make_app(actor, public))


def make_app(actor, product):
    app = factories.AppFactory(organization=actor.organization, name=LONG_NAME + "-app")
    factories.CredentialFactory(app=app, key="slk_visible_but_the_rest_is_hidden")
    plan = product.plans.get()
    factories.SubscriptionFactory(app=app, plan=plan, state=SubscriptionState.APPROVED)
    endpoints = factories.EndpointFactory.create_batch(3, app=app, url=f"https://{LONG_NAME}.example/hook")
    for endpoint in endpoints:
        waiting = factories.DeliveryFactory(endpoint=endpoint, event_type="order.created")
        factories.DueFactory(delivery=waiting)
    return app


@pytest.fixture
def signed_in():
    def client_of(actor):
        client = Client()
        client.force_login(actor.user)
        return client

    return client_of


@pytest.fixture
def browser(chromium, monkeypatch):
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=list(ARGUMENTS))
        yield opened
        opened.close()
        connections.close_all()  # those of the context of Playwright's loop, which nobody else closes
