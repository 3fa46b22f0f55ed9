"""A form whose checked values go to one domain call, and which shows what that call says is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar

from django import forms
from django.db import IntegrityError

from gateway.errors import Fault, InputError, RefusedError

_Value = TypeVar("_Value")

CONFLICT: Final = Fault(
    "somebody made a conflicting change at the same moment",
    code="conflict",
    remedy="load the page again and look at what is there now",
)


@dataclass(frozen=True, slots=True)
class Done(Generic[_Value]):
    """A call was made; true, whatever it returned."""

    value: _Value


class DomainForm(forms.Form):
    """Fields are named as the domain call's input names them; `places` names those that are not."""

    places: ClassVar[Mapping[str, str]] = {}
    """JSON pointer, or its beginning, to the field that shows its faults, such as {"/schema": "example"}."""

    def attempt(self, call: Callable[[dict[str, Any]], _Value]) -> Done[_Value] | None:
        """Make one domain call with the checked values; None: not made, or it refused, and the errors say why.

        Faults of an InputError appear at the fields that their JSON pointers name, else on top, as a RefusedError
        and a conflict in the database do. Http404 and PermissionDenied go on to the caller.
        """
        if not self.is_valid():
            return None
        try:
            return Done(call(self.cleaned_data))
        except InputError as error:
            self.show(*error.faults)
        except RefusedError as error:
            self.show(Fault(str(error), code=error.code, remedy=error.remedy))
        except IntegrityError:
            self.show(CONFLICT)
        return None

    def show(self, *faults: Fault) -> None:
        """Put faults where they belong."""
        for fault in faults:
            field = self._field_of(fault.pointer)
            self.add_error(field, forms.ValidationError(fault_text(fault, named=field is not None)))

    def _field_of(self, pointer: str) -> str | None:
        for place, field in self.places.items():
            if pointer == place or pointer.startswith(f"{place}/"):
                return field
        first = pointer.removeprefix("/").partition("/")[0].replace("~1", "/").replace("~0", "~")
        return first if first in self.fields else None


def fault_text(fault: Fault, *, named: bool) -> str:
    """Return a fault as people read it: where, unless the field beside it is `named`, what, and what to do."""
    where = f"Line {fault.line}, column {fault.column}: " if fault.line is not None else ""
    if not where and not named and fault.pointer:
        where = f"{fault.pointer}: "
    said = _sentence(f"{where}{fault.message}")
    return f"{said} {_sentence(fault.remedy)}" if fault.remedy else said


def _sentence(text: str) -> str:
    """Return text with a large first letter and an end."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def failed_call_text(error: InputError | RefusedError) -> str:
    """Return why a call did nothing, and what to do, for a page without fields."""
    if isinstance(error, InputError):
        return " ".join(fault_text(fault, named=False) for fault in error.faults)
    return fault_text(Fault(str(error), code=error.code, remedy=error.remedy), named=False)
