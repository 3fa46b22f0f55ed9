"""Admin pages that save and delete by the domain calls, so that no rule of the domain has a way around it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from gateway.actor import Actor
from gateway.errors import InputError, RefusedError
from portal.admin.audited import AuditedAdmin, operator
from portal.forms.domain_form import CONFLICT, failed_call_text, fault_text

Values = Mapping[str, Any]
"""Field to value, of those that the operator changed."""


class DomainAdmin(AuditedAdmin):
    """What is saved or deleted here goes to one domain call, which audits and announces it.

    What the call refuses is said on top of the page, and nothing is changed: Django admin saves in a transaction.
    """

    kept: tuple[str, ...] = ()
    """Fields that stay as they are once the row exists."""

    create: Callable[[Actor, Values], Model] | None = None
    """Make a row; None: nobody makes any here. Raises InputError, RefusedError."""
    change: Callable[[Actor, Any, Values], Model]
    """Change a row. Raises InputError, RefusedError."""
    remove: Callable[[Actor, Any], None] | None = None
    """Delete a row; None: nobody deletes any here. Raises InputError, RefusedError."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse where there is no call for it."""
        return self.create is not None and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse where there is no call for it."""
        return self.remove is not None and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What stays, of a row that exists."""
        return self.kept if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Make the call; with the row as it is, for the form has set its new values on `obj` already."""
        actor = self._actor(request, obj)
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if not change:
            assert self.create is not None, "else nobody was let add one"  # noqa: S101
            obj.pk = self.create(actor, form.cleaned_data).pk
        elif values:
            self.change(actor, self.get_queryset(request).get(pk=obj.pk), values)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Nothing is left to save: the call has set many-to-many fields, too."""

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Make the call."""
        assert self.remove is not None, "else nobody was let delete it"  # noqa: S101
        self.remove(self._actor(request, obj), obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what was refused."""
        return self._guarded(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what was refused."""
        return self._guarded(super().delete_view, request, *args, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete one at a time: Django says of several that all are gone, whatever was refused."""
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }

    def _guarded(self, view: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view(request, *args, **kwargs)
        except (InputError, RefusedError) as error:
            self.message_user(request, failed_call_text(error), "error")
        except IntegrityError:
            self.message_user(request, fault_text(CONFLICT, named=False), "error")
        else:
            return answer
        return redirect(request.get_full_path())

    def _actor(self, request: HttpRequest, row: Any) -> Actor:
        organization = self.organization_of(row)
        assert organization is not None, "such rows are an organization's"  # noqa: S101
        return operator(request, organization)
