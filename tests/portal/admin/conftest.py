"""An operator who is signed in."""

import pytest

from gateway.models import User


@pytest.fixture
def operator(client, db):
    user = User.objects.create_superuser("operator@example.com", "a long password")
    client.force_login(user)
    return client
