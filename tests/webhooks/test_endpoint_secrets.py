"""Signing secrets are replaced while receivers still know the old ones."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from gateway.errors import InputError
from gateway.models import Role
from tests.changes import actor_in, changes, refused, texts
from tests.factories import ENDPOINT_SECRET, EndpointFactory
from webhooks.endpoint_secrets import LONGEST_OVERLAP, MOST_AT_ONCE, rotate_endpoint_secret
from webhooks.endpoints import decrypt_keys
from webhooks.models import EndpointSecret
from webhooks.signing import secret_key

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
NONE = dt.timedelta()
START = timezone.now()


@pytest.fixture
def endpoint():
    return EndpointFactory()


@pytest.fixture
def developer(endpoint):
    return actor_in(endpoint.app.organization, Role.DEVELOPER)


def at(hours):
    return time_machine.travel(START + hours * HOUR, tick=False)


def ends(endpoint):
    """Key bytes to the hour they sign until; None: for good. The newest first."""
    return [
        (key, row.expires_at and (row.expires_at - START) / HOUR)
        for row in endpoint.secrets.all()
        for key in decrypt_keys(endpoint, [row.ciphertext])
    ]


@pytest.mark.parametrize("overlap", [NONE, HOUR, LONGEST_OVERLAP])
def test_both_secrets_sign_for_the_overlap(developer, endpoint, overlap):
    with at(0), changes() as left:
        rotated = rotate_endpoint_secret(developer, endpoint, overlap)
    assert ends(endpoint) == [
        (secret_key(rotated.secret), None),
        (secret_key(ENDPOINT_SECRET), overlap / HOUR),
    ]
    [row] = left.audit
    assert (row.verb, row.object_id) == ("endpoint.rotate_secret", endpoint.public_id)
    assert row.changes == {"old_until": [None, (START + overlap).isoformat()]}
    assert left.counted == 1


def test_no_audit_row_tells_a_secret_and_none_is_kept_readable(developer, endpoint):
    given = "a secret of the developer's own"
    with changes() as left:
        secrets = [rotate_endpoint_secret(developer, endpoint, HOUR, secret).secret for secret in ("", given)]
    assert secrets[1] == given
    said = texts(left.audit)
    for secret in (*secrets, ENDPOINT_SECRET):
        assert secret not in said
        assert secret.removeprefix("whsec_") not in said
        for row in EndpointSecret.objects.all():
            assert secret_key(secret) not in bytes(row.ciphertext)


def test_a_later_rotation_never_lengthens_an_overlap_and_may_shorten_it(developer, endpoint):
    with at(0):
        rotate_endpoint_secret(developer, endpoint, 10 * HOUR)
    with at(1):
        rotate_endpoint_secret(developer, endpoint, 24 * HOUR)
    assert [end for _, end in ends(endpoint)] == [None, 25, 10]
    with at(2):
        rotate_endpoint_secret(developer, endpoint, HOUR)
    assert [end for _, end in ends(endpoint)] == [None, 3, 3, 3]


def test_a_rotation_without_overlap_ends_all_older_secrets_at_once(developer, endpoint):
    for _ in range(2):
        with at(0):
            rotate_endpoint_secret(developer, endpoint, 10 * HOUR)
    with at(1):
        rotate_endpoint_secret(developer, endpoint, NONE)
    assert [end for _, end in ends(endpoint)] == [None, 1, 1, 1]


def test_a_few_secrets_sign_at_once_and_no_more(developer, endpoint):
    for _ in range(MOST_AT_ONCE - 1):
        with at(0):
            rotate_endpoint_secret(developer, endpoint, HOUR)
    with at(0), refused("too_many_secrets"):
        rotate_endpoint_secret(developer, endpoint, HOUR)
    assert endpoint.secrets.count() == MOST_AT_ONCE
    with at(0):
        last = rotate_endpoint_secret(developer, endpoint, NONE)
    assert [key for key, end in ends(endpoint) if end is None] == [secret_key(last.secret)]


def test_secrets_that_expired_make_room_and_are_forgotten(developer, endpoint):
    for _ in range(MOST_AT_ONCE - 1):
        with at(0):
            rotate_endpoint_secret(developer, endpoint, HOUR)
    with at(1):
        rotate_endpoint_secret(developer, endpoint, HOUR)
    assert [end for _, end in ends(endpoint)] == [None, 2]


def test_secrets_of_other_endpoints_stay(developer, endpoint):
    other = EndpointFactory(app=endpoint.app)
    rotate_endpoint_secret(developer, endpoint, NONE)
    assert ends(other) == [(secret_key(ENDPOINT_SECRET), None)]


@pytest.mark.parametrize(
    ("overlap", "secret", "pointer"),
    [
        (-HOUR, "", "/overlap_seconds"),
        (LONGEST_OVERLAP + dt.timedelta(microseconds=1), "", "/overlap_seconds"),
        (HOUR, "too short", "/secret"),
    ],
)
def test_what_cannot_be_is_refused_and_the_present_secret_signs_on(
    developer, endpoint, overlap, secret, pointer
):
    with changes() as left, pytest.raises(InputError) as error:
        rotate_endpoint_secret(developer, endpoint, overlap, secret)
    assert [fault.pointer for fault in error.value.faults] == [pointer]
    assert ends(endpoint) == [(secret_key(ENDPOINT_SECRET), None)]
    assert (left.audit, left.counted) == ([], 0)
