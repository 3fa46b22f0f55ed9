"""Admin pages whose every change is audited and announced as the domain calls' are."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import InputError, RefusedError
from gateway.models import Organization, Role, User

_Row = TypeVar("_Row", bound=Model)


def operator(request: HttpRequest, organization: Organization) -> Actor:
    """The signed-in operator, acting in an organization as an owner would."""
    assert isinstance(request.user, User), "admin pages are for who signed in"  # noqa: S101
    return Actor(request.user, organization, Role.OWNER)


class AuditedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no annotations
    """What is saved or deleted here is written into the audit and reaches the running system."""

    def organization_of(self, row: Any) -> Organization | None:
        """Whose row it is; None: the installation's."""
        organization: Organization | None = getattr(row, "organization", None)
        return organization

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save with an audit row, in the transaction that admin has begun."""
        super().save_model(request, obj, form, change)
        self._note(request, obj, "change" if change else "create", form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete with an audit row."""
        self._note(request, obj, "delete", [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Delete row by row, each with its audit row."""
        for row in queryset:
            self.delete_model(request, row)

    def operator(self, request: HttpRequest) -> User:
        """Who is signed in."""
        assert isinstance(request.user, User), "admin pages are for who signed in"  # noqa: S101
        return request.user

    def _note(self, request: HttpRequest, row: Model, verb: str, fields: list[str]) -> None:
        name = f"{self.opts.model_name}.{verb}"
        changes = {"fields": [[], sorted(fields)]} if fields else {}
        audit.record_by_user(self.operator(request), self.organization_of(row), name, row, changes)
        announce()

    def each(self, request: HttpRequest, rows: Iterable[_Row], verb: Callable[[Actor, _Row], object]) -> None:
        """Do a domain call to each row, in its organization; say which were refused and why."""

        def act(row: _Row) -> None:
            organization = self.organization_of(row)
            assert organization is not None, "actions are on rows of organizations"  # noqa: S101
            verb(operator(request, organization), row)

        self.attempt_each(request, rows, act)

    def attempt_each(
        self, request: HttpRequest, rows: Iterable[_Row], call: Callable[[_Row], object]
    ) -> None:
        """Make a call for each row; say which were refused and why."""
        done = 0
        for row in rows:
            try:
                with transaction.atomic():
                    call(row)
                done += 1
            except (RefusedError, InputError) as error:
                self.message_user(request, f"{row}: {error}", "error")
        if done:
            self.message_user(request, f"Done: {done}.")


class ReadOnlyAdmin(AuditedAdmin):
    """Looked at, never edited here. Bytes are not shown: digests, ciphertexts and contents are not for eyes."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Every column but bytes, and every many-to-many field."""
        shown = (*self.opts.concrete_fields, *self.opts.many_to_many)
        return [field.name for field in shown if field.get_internal_type() != "BinaryField"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # it takes none when it runs
    """Counts no further than a person pages: count(*) of a hundred million rows takes minutes."""

    MOST: ClassVar[int] = 2000

    @cached_property
    def count(self) -> int:
        """How many rows, up to MOST."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # admin gives querysets alone
        return len(rows.values_list("pk")[: self.MOST])


class LargeTableAdmin(ReadOnlyAdmin):
    """A partitioned table: paged by its key, found by id."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 100
    ordering: tuple[str, ...] = ("-pk",)
