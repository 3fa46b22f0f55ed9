import datetime as dt

import pytest

from gateway.models import Role, Traffic
from gateway.tasks import forget_old_traffic
from tests.factories import ApiDefinitionFactory, AppFactory, TrafficFactory
from tests.portal.api.conftest import make_caller

MINUTE = dt.datetime(2026, 11, 24, 10, 59, tzinfo=dt.UTC)
DAY = "after=2026-11-24T00:00:00Z&before=2026-11-25T00:00:00Z"


def passed(definition, app, minute=MINUTE, messages=1, **measures):
    for measure, value in {"messages": messages, **measures}.items():
        TrafficFactory(
            minute=minute, definition_id=definition.pk, app_id=app and app.pk, measure=measure, value=value
        )


def items(caller, query=DAY):
    answer = caller.get(f"traffic?{query}")
    assert answer.status_code == 200, answer.content
    return [(item["at"], item["counts"]) for item in answer.json()["items"]]


@pytest.fixture
def sides(db):
    publisher, developer = make_caller(Role.PUBLISHER), make_caller(Role.DEVELOPER)
    definition = ApiDefinitionFactory(organization=publisher.organization)
    return publisher, developer, definition, AppFactory(organization=developer.organization)


def test_a_publisher_sees_its_definitions_and_a_developer_its_apps_and_nobody_more(sides):
    publisher, developer, definition, app = sides
    passed(definition, app, messages=1)
    passed(definition, AppFactory(), messages=10)
    passed(definition, None, messages=100)
    passed(ApiDefinitionFactory(), AppFactory(), messages=1000)
    assert items(publisher) == [("2026-11-24T10:00:00Z", {"messages": 111})]
    assert items(developer) == [("2026-11-24T10:00:00Z", {"messages": 1})]
    assert items(make_caller(Role.OWNER)) == []


def test_sums_are_over_the_steps_that_were_asked_for(sides):
    publisher, _, definition, app = sides
    passed(definition, app, messages=1, opened=2)
    passed(definition, app, MINUTE + dt.timedelta(minutes=1), messages=3)
    passed(definition, app, MINUTE + dt.timedelta(days=1), messages=5)
    assert items(publisher, DAY + "&step=minute") == [
        ("2026-11-24T10:59:00Z", {"messages": 1, "opened": 2}),
        ("2026-11-24T11:00:00Z", {"messages": 3}),
    ]
    assert items(publisher, DAY + "&step=day") == [("2026-11-24T00:00:00Z", {"messages": 4, "opened": 2})]


def test_it_is_found_by_definition_and_app(sides):
    publisher, _, definition, app = sides
    other = ApiDefinitionFactory(organization=publisher.organization)
    passed(definition, app, messages=1)
    passed(other, app, messages=10)
    passed(other, AppFactory(), messages=100)
    assert items(publisher, f"{DAY}&definition={definition.public_id}")[0][1] == {"messages": 1}
    assert items(publisher, f"{DAY}&app={app.pk}")[0][1] == {"messages": 11}
    assert items(publisher, f"{DAY}&definition={other.public_id}&app={app.pk}")[0][1] == {"messages": 10}
    assert items(publisher, f"{DAY}&definition={ApiDefinitionFactory().public_id}") == []


def test_without_bounds_it_is_the_last_sixty_steps(sides):
    publisher, _, definition, app = sides
    now = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    passed(definition, app, now, messages=1)
    passed(definition, app, now - dt.timedelta(hours=2), messages=10)
    assert [counts for _, counts in items(publisher, "step=minute")] == [{"messages": 1}]
    assert sum(counts["messages"] for _, counts in items(publisher, "")) == 11


@pytest.mark.parametrize(
    "query",
    [
        "after=2026-11-25T00:00:00Z&before=2026-11-24T00:00:00Z",
        "after=2020-01-01T00:00:00Z&step=minute",
        "step=second",
        "app=-1",
        "after=yesterday",
    ],
)
def test_what_cannot_be_summed_up_is_refused_with_a_reason(sides, query):
    answer = sides[0].get(f"traffic?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_old_counts_are_forgotten(sides, settings):
    settings.TRAFFIC_RETENTION_DAYS = 30
    now = dt.datetime.now(dt.UTC)
    passed(sides[2], None, now - dt.timedelta(days=31))
    passed(sides[2], None, now - dt.timedelta(days=29))
    forget_old_traffic()
    assert Traffic.objects.count() == 1
