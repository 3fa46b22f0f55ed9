"""What gateway processes of these tests work on."""

import os

import pytest

from tests.parts import embedded


@pytest.fixture(scope="session")
def gateway_environment(postgres_url, valkey_server) -> dict[str, str]:
    """The environment of a process that works on this session's database and Valkey."""
    parts = {"DATABASE_URL": postgres_url, "VALKEY_URL": valkey_server.url}
    return {**os.environ, **embedded.environment(), "DJANGO_SETTINGS_MODULE": "portal.settings", **parts}
