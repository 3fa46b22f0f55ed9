import pytest
from django import forms
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from gateway.errors import Fault, InputError, RefusedError
from portal.forms.confirm_form import ConfirmForm
from portal.forms.domain_form import DomainForm, failed_call_text


class AppForm(DomainForm):
    places = {"/schema": "example"}  # noqa: RUF012 - a class of tests

    name = forms.CharField()
    example = forms.CharField(required=False)


def raising(error):
    def call(values):
        raise error

    return call


@pytest.fixture
def form():
    return AppForm({"name": "dispatch-board"})


def test_a_call_is_made_with_the_checked_values(form):
    done = form.attempt(lambda values: values["name"].upper())
    assert done.value == "DISPATCH-BOARD"


def test_a_call_that_returns_nothing_was_made_all_the_same(form):
    assert form.attempt(lambda values: None)


def test_a_form_with_errors_makes_no_call():
    form = AppForm({"name": ""})
    assert form.attempt(raising(AssertionError)) is None
    assert form.errors["name"] == ["This field is required."]


@pytest.mark.parametrize(
    ("pointer", "field", "text"),
    [
        ("/name", "name", "It is taken. Choose another."),
        ("/name/0/deeper", "name", "It is taken. Choose another."),
        ("/schema/properties", "example", "It is taken. Choose another."),
        ("/schematic", "__all__", "/schematic: it is taken. Choose another."),
        ("", "__all__", "It is taken. Choose another."),
    ],
)
def test_a_fault_stands_at_the_field_that_its_pointer_names(form, pointer, field, text):
    error = InputError(Fault("it is taken", pointer, remedy="choose another"))
    assert form.attempt(raising(error)) is None
    assert form.errors == {field: [text]}


def test_every_fault_is_shown(form):
    form.attempt(raising(InputError(Fault("one", "/name"), Fault("two", "/name"), Fault("three"))))
    assert form.errors == {"name": ["One.", "Two."], "__all__": ["Three."]}


def test_a_fault_in_a_text_says_where(form):
    form.attempt(raising(InputError(Fault("not YAML", "/name", line=3, column=7))))
    assert form.errors["name"] == ["Line 3, column 7: not YAML."]


def test_what_is_refused_stands_on_top_with_its_remedy(form):
    form.attempt(raising(RefusedError("it runs", remedy="stop it first")))
    assert form.non_field_errors() == ["It runs. Stop it first."]


def test_a_conflicting_change_is_no_failure(form):
    form.attempt(raising(IntegrityError("duplicate key")))
    assert "at the same moment" in form.non_field_errors()[0]
    assert "duplicate key" not in form.non_field_errors()[0]


def test_what_is_forbidden_is_not_the_forms_to_tell(form):
    with pytest.raises(PermissionDenied):
        form.attempt(raising(PermissionDenied()))


@pytest.mark.parametrize("typed", ["", "dispatch", "Dispatch-board"])
def test_a_name_that_was_not_typed_confirms_nothing(typed):
    form = ConfirmForm({"typed": typed}, name="dispatch-board")
    assert form.attempt(raising(AssertionError)) is None
    assert form.errors["typed"]


def test_the_name_confirms():
    assert ConfirmForm({"typed": " dispatch-board "}, name="dispatch-board").attempt(lambda values: None)


def test_without_a_name_to_type_a_click_confirms():
    assert ConfirmForm({}, name="").attempt(lambda values: None)


def test_a_failed_call_is_told_in_sentences():
    assert failed_call_text(InputError(Fault("too long", "/name"), Fault("no"))) == "/name: too long. No."
    assert failed_call_text(RefusedError("it runs")) == "It runs."
