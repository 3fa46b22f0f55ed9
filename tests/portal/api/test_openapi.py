"""The OpenAPI document is true: requests made from it are answered as it says, and none crashes the server."""

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from gateway.models import Role
from tests.portal.api.test_permissions import Estate

CHECKS = (
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
)
EXAMPLES = 4


def test_the_document_and_its_page_are_served_to_everybody(client, db):
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()
    assert 'src="https://' not in page, "the page loads from this server alone"
    assert 'href="https://' not in page


def test_every_operation_says_what_problems_look_like(document):
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) > 80
    assert all("application/problem+json" in one["responses"]["default"]["content"] for one in operations)


def test_the_document_is_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "schema.yml"))


@pytest.fixture
def document(client, db):
    return client.get("/api/schema/?format=json").json()


@pytest.fixture
def one_connection(document):
    """A server closes connections between requests; here all of them share the test's transaction.

    Django's test client connects the signals again after each request, so the document is fetched before.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_requests_made_from_the_document_are_answered_as_it_says(document, one_connection):
    estate = Estate()
    estate.callers[Role.OWNER].user.is_staff = True
    estate.callers[Role.OWNER].user.save()
    schema = schemathesis.openapi.from_dict(document)
    app, tried = get_wsgi_application(), 0
    for operation in schema.get_all_operations():
        _try(operation.ok(), estate, app)
        tried += 1
    assert tried > 80


def _try(operation, estate, app):
    """Send examples of one operation, ids of real rows in their places; what they change is taken back."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case):
        for name in case.path_parameters or {}:
            case.path_parameters[name] = estate.ids[name]
        with transaction.atomic():
            case.call_and_validate(
                app=app, checks=CHECKS, headers={"Authorization": estate.callers[Role.OWNER].key}
            )
            transaction.set_rollback(True)

    send()
