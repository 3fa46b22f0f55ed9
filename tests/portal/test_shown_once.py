import json

import pytest
from django.contrib.auth.models import AnonymousUser

from portal.shown_once import ShownOnce, show_once, take_shown_once
from streams.secrets import DecryptionError
from tests import factories

SHOWN = ShownOnce("The new key of dispatch-board", "slk_the_secret", "Copy it now.")


@pytest.fixture
def request_of(rf):
    def make(user, session):
        request = rf.get("/")
        request.user, request.session = user, session
        return request

    return make


def test_a_secret_is_shown_by_the_next_page_and_by_no_other(request_of):
    user, session = factories.UserFactory.build(pk=7), {}
    show_once(request_of(user, session), SHOWN)
    assert take_shown_once(request_of(user, session)) == SHOWN
    assert take_shown_once(request_of(user, session)) is None


def test_the_session_holds_no_readable_secret(request_of):
    session = {}
    show_once(request_of(factories.UserFactory.build(pk=7), session), SHOWN)
    assert "slk_" not in json.dumps(session)


def test_a_secret_in_the_session_of_somebody_else_is_not_readable(request_of):
    session = {}
    show_once(request_of(factories.UserFactory.build(pk=7), session), SHOWN)
    with pytest.raises(DecryptionError):
        take_shown_once(request_of(AnonymousUser(), session))
