"""A caller for each role, and a client that sends JSON."""

import json
from dataclasses import dataclass

import pytest
from django.test import Client

from gateway.models import Organization, Role, Scope, User
from tests.factories import ManagementKeyFactory, MembershipFactory, OrganizationFactory


@dataclass(frozen=True)
class Caller:
    """Somebody with a management key."""

    user: User
    organization: Organization
    key: str

    def request(self, method, path, body=None, content_type="application/json", **headers):
        """Send a request; `body` as JSON unless it is text."""
        data = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        sent = {"Authorization": self.key, **headers}
        return Client().generic(method, f"/api/{path}", data, content_type, headers=sent)

    def get(self, path, **headers):
        return self.request("GET", path, "", **headers)

    def post(self, path, body=None, **headers):
        return self.request("POST", path, body, **headers)

    def patch(self, path, body, **headers):
        return self.request("PATCH", path, body, **headers)

    def delete(self, path, **headers):
        return self.request("DELETE", path, "", **headers)


def make_caller(role, organization=None, scopes=tuple(Scope.values), **user):
    membership = MembershipFactory(organization=organization or OrganizationFactory(), role=role)
    for name, value in user.items():
        setattr(membership.user, name, value)
    membership.user.save()
    key = f"slm_{membership.user.pk}_{membership.organization.pk}_{role}"
    ManagementKeyFactory(
        user=membership.user, organization=membership.organization, scopes=list(scopes), key=key
    )
    return Caller(membership.user, membership.organization, key)


@pytest.fixture
def owner(db):
    return make_caller(Role.OWNER)


@pytest.fixture
def publisher(db):
    return make_caller(Role.PUBLISHER)


@pytest.fixture
def developer(db):
    return make_caller(Role.DEVELOPER)
