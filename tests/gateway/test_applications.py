"""Apps of developers."""

import pytest

from gateway.applications import change_app, create_app
from gateway.errors import InputError
from gateway.models import App, Role
from tests.changes import actor_in, changes
from tests.factories import AppFactory, OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def developer():
    return actor_in(OrganizationFactory(), Role.DEVELOPER)


def test_an_app_belongs_to_its_makers_organization(developer):
    with changes() as left:
        app = create_app(developer, name="Parcels", description="Tracks them.")
        change_app(developer, app, {"name": "Parcels", "description": "Finds them."})
    app.refresh_from_db()
    assert (app.organization, app.created_by) == (developer.organization, developer.user)
    assert [(row.verb, row.changes) for row in left.audit] == [
        ("app.create", {}),
        ("app.change", {"description": ["Tracks them.", "Finds them."]}),
    ]


def test_a_name_is_taken_in_its_organization_alone(developer):
    AppFactory(name="Parcels")
    app = create_app(developer, name="Parcels")
    second = create_app(developer, name="Letters")
    for act in (
        lambda: create_app(developer, name="Parcels"),
        lambda: change_app(developer, second, {"name": "Parcels"}),
        lambda: change_app(developer, app, {"name": ""}),
    ):
        with changes() as left, pytest.raises(InputError):
            act()
        assert left.audit == []
    assert sorted(App.objects.values_list("name", flat=True)) == ["Letters", "Parcels", "Parcels"]
