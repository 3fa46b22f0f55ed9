"""Rows are checked before they are saved, and say what was wrong as faults with pointers."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model
from django.utils.encoding import force_str

from gateway.audit import Changes
from gateway.errors import Fault, InputError

NOT_SHOWN: Final = "(not shown)"
"""In the place of encrypted values."""


def save_checked(row: Model) -> None:
    """Save a row that passes its fields' validators and the table's constraints. Raises InputError."""
    fields = row._meta.concrete_fields  # noqa: SLF001 - Django's documented way to a model's fields
    absent = {field.name for field in fields if field.null and getattr(row, field.attname) is None}
    try:
        row.full_clean(exclude=absent)
    except ValidationError as error:
        raise InputError(*_faults(error)) from error
    row.save()


def set_fields(row: Model, values: Mapping[str, Any]) -> Changes:
    """Set plain fields; returns those that are now different, as an audit row has them."""
    changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if _differ(before, value):
            setattr(row, name, value)
            changes[name] = [_shown(before), _shown(value)]
    return changes


def set_members(row: Model, name: str, members: Iterable[Model]) -> Changes:
    """Set a many-to-many field of a saved row; returns the change by the members' names."""
    relation = getattr(row, name)
    before, after = set(relation.all()), set(members)
    if before == after:
        return {}
    relation.set(after)
    return {name: [sorted(map(str, before)), sorted(map(str, after))]}


def _differ(before: Any, after: Any) -> bool:
    """Whether two values are different as JSON, too: to Python, 1 is true."""
    if isinstance(before, dict | list) and before == after:
        return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)
    return bool(before != after)


def _shown(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return NOT_SHOWN
    return value if isinstance(value, str | int | float | bool | list | dict | None) else force_str(value)


def _faults(error: ValidationError) -> list[Fault]:
    return [
        Fault(
            message=" ".join(problem.messages),
            pointer="" if field == NON_FIELD_ERRORS else f"/{field}",
            code=problem.code or "invalid",
        )
        for field, problems in error.error_dict.items()
        for problem in problems
    ]
