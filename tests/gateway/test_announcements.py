"""Changes are counted in one row, which is there whatever else is not."""

import pytest
from django.core.management import call_command

from gateway.announcements import announce
from gateway.models import RevisionCounter


@pytest.mark.django_db(transaction=True)
def test_changes_are_counted_in_a_flushed_database_too():
    call_command("flush", interactive=False)
    announce()
    assert RevisionCounter.objects.get().value == 1
