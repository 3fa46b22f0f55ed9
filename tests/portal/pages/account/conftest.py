"""Mails that are kept instead of sent, and people with passwords."""

import re

import pytest
from django.core import mail

from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def no_attempts_yet(valkey_url):
    """Whatever earlier tests tried is forgotten."""


@pytest.fixture
def links():
    """`links(address)`: the paths in the last mail to an address."""

    def found(address):
        [*_, last] = [one for one in mail.outbox if one.to == [address]]
        return re.findall(r"http://localhost:3000(/\S+)", last.body)

    return found


@pytest.fixture
def person(db):
    """Somebody with a password and an organization, made by an operator."""
    member = factories.MembershipFactory(organization__name="Nordwind")
    member.user.set_password(PASSWORD)
    member.user.save()
    return member.user
