"""People."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from gateway import audit
from gateway.models import User
from gateway.records import save_checked, set_fields


@transaction.atomic
def change_user(user: User, values: Mapping[str, Any]) -> User:
    """Set the name of the user who asks for it. Raises InputError."""
    user = User.objects.select_for_update().get(pk=user.pk)
    changes = set_fields(user, values)
    save_checked(user)
    audit.record_by_user(user, None, "user.change", user, changes)
    return user
