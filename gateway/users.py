"""People."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from gateway import audit
from gateway.errors import RefusedError
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


@transaction.atomic
def set_user_active(by: User, user: User, *, active: bool) -> User:
    """Switch an account off (signed out, no management key of it works), or on again; by operators.

    Raises RefusedError for one's own.
    """
    if user.pk == by.pk and not active:
        raise RefusedError("this is your own account", code="own_account", remedy="ask another administrator")
    changes = set_fields(user, {"is_active": active})
    user.save(update_fields=("is_active",))
    audit.record_by_user(by, None, "user.enable" if active else "user.disable", user, changes)
    return user
