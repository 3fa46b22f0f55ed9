"""What gateway processes of these tests work on."""

import os

import pytest
from django.core.management.base import CommandError
from django.test import TransactionTestCase

from tests.parts import embedded

FLUSHES = 20


@pytest.fixture(scope="session")
def gateway_environment(postgres_url, valkey_server) -> dict[str, str]:
    """The environment of a process that works on this session's database and Valkey."""
    parts = {"DATABASE_URL": postgres_url, "VALKEY_URL": valkey_server.url}
    return {**os.environ, **embedded.environment(), "DJANGO_SETTINGS_MODULE": "portal.settings", **parts}


@pytest.fixture(scope="session", autouse=True)
def flush_in_spite_of_readers():
    """Flush again where a process that reads several tables, and the flush that locks them all, met in a deadlock."""
    flush = TransactionTestCase._fixture_teardown

    def flush_until_done(case):
        for _ in range(FLUSHES - 1):
            try:
                return flush(case)
            except CommandError as error:
                if "deadlock" not in str(error.__cause__):
                    raise
        return flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_until_done)
        yield
