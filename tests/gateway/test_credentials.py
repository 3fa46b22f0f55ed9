"""API keys of apps: shown once, kept as digests, rotated with overlap, revoked."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from gateway.credentials import LONGEST_OVERLAP, issue_credential, revoke_credential, rotate_credential
from gateway.errors import InputError
from gateway.models import Credential, Role
from streams.secrets import api_key_digest
from tests.changes import actor_in, changes, refused, texts
from tests.factories import AppFactory, CredentialFactory

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def app():
    return AppFactory()


@pytest.fixture
def actor(app):
    return actor_in(app.organization, Role.DEVELOPER)


def stored(credential):
    """Everything the database keeps of it."""
    return str(Credential.objects.filter(pk=credential.pk).values().get())


def test_a_key_is_shown_once_and_kept_as_a_digest(actor, app):
    with changes() as left:
        issued = issue_credential(actor, app, name="ci")
    kept = Credential.objects.get()
    assert bytes(kept.digest) == api_key_digest(issued.key)
    assert (kept.app, kept.name, issued.key.startswith(kept.prefix), len(kept.prefix)) == (
        app,
        "ci",
        True,
        12,
    )
    assert issued.key not in stored(kept)
    assert (left.verbs, left.counted) == (["credential.issue"], 1)


def test_no_key_is_like_another(actor, app):
    assert len({issue_credential(actor, app).key for _ in range(20)}) == 20


def test_no_audit_row_tells_a_key(actor, app):
    with changes() as left:
        issued = issue_credential(actor, app)
        rotated = rotate_credential(actor, issued.credential, HOUR)
        revoke_credential(actor, rotated.credential)
    assert left.verbs == ["credential.issue", "credential.rotate", "credential.revoke"]
    assert left.counted == 3
    for secret in (issued.key, rotated.key, issued.key[12:], rotated.key[12:]):
        assert secret not in texts(left.audit)
        assert api_key_digest(secret).hex() not in texts(left.audit)


@pytest.mark.parametrize("late", [dt.timedelta(), HOUR])
def test_a_key_that_would_have_expired_already_is_not_issued(actor, app, late):
    with changes() as left, pytest.raises(InputError) as error:
        issue_credential(actor, app, expires_at=timezone.now() - late)
    assert [fault.pointer for fault in error.value.faults] == ["/expires_at"]
    assert (left.audit, left.counted, Credential.objects.count()) == ([], 0, 0)


class TestRotation:
    @pytest.mark.parametrize("overlap", [dt.timedelta(), HOUR, LONGEST_OVERLAP])
    def test_the_old_key_works_for_the_overlap(self, actor, app, overlap):
        old = CredentialFactory(app=app, name="ci")
        with time_machine.travel(timezone.now(), tick=False), changes() as left:
            issued = rotate_credential(actor, old, overlap)
            old.refresh_from_db()
            assert old.expires_at == timezone.now() + overlap
        assert (issued.credential.app, issued.credential.name) == (app, "ci")
        assert (issued.credential.expires_at, old.revoked_at) == (None, None)
        [row] = left.audit
        assert (row.verb, row.object_id) == ("credential.rotate", str(old.pk))
        assert row.changes == {"replaced_by": [None, issued.credential.prefix]}
        assert left.counted == 1

    def test_an_overlap_does_not_lengthen_the_life_of_a_key(self, actor, app):
        end = timezone.now() + HOUR
        old = CredentialFactory(app=app, expires_at=end)
        issued = rotate_credential(actor, old, 2 * HOUR)
        old.refresh_from_db()
        assert (old.expires_at, issued.credential.expires_at) == (end, end)

    @pytest.mark.parametrize("overlap", [-HOUR, LONGEST_OVERLAP + dt.timedelta(microseconds=1)])
    def test_an_overlap_out_of_range_is_refused(self, actor, app, overlap):
        old = CredentialFactory(app=app)
        with changes() as left, pytest.raises(InputError) as error:
            rotate_credential(actor, old, overlap)
        assert [fault.pointer for fault in error.value.faults] == ["/overlap_seconds"]
        assert (left.audit, Credential.objects.get().expires_at) == ([], None)

    def test_a_key_rotated_without_overlap_is_not_rotated_again(self, actor, app):
        old = CredentialFactory(app=app)
        rotate_credential(actor, old, dt.timedelta())
        old.refresh_from_db()
        with refused("expired"):
            rotate_credential(actor, old, HOUR)
        assert Credential.objects.count() == 2


class TestRevocation:
    def test_a_key_is_revoked_once(self, actor, app):
        credential = CredentialFactory(app=app)
        with changes() as left:
            revoke_credential(actor, credential)
        credential.refresh_from_db()
        assert credential.revoked_at is not None
        assert (left.verbs, left.counted) == (["credential.revoke"], 1)
        with refused("already_revoked"):
            revoke_credential(actor, credential)
        with refused("already_revoked"):
            rotate_credential(actor, credential, HOUR)

    def test_who_read_it_before_it_was_revoked_cannot_rotate_it(self, actor, app):
        credential = CredentialFactory(app=app)
        stale = Credential.objects.get()
        revoke_credential(actor, credential)
        with refused("already_revoked"):
            rotate_credential(actor, stale, HOUR)

    def test_an_expired_key_is_not_revoked_as_well(self, actor, app):
        credential = CredentialFactory(app=app, expires_at=timezone.now())
        with refused("expired"):
            revoke_credential(actor, credential)
