import pytest
from django.contrib.messages.storage.cookie import CookieStorage

from gateway.errors import RefusedError
from portal.page_requests import describe_reader
from portal.views.actions import Confirmation, confirm, perform, show_form
from tests import factories
from tests.portal.forms.test_domain_form import AppForm

ASKED = Confirmation("Delete board?", "Its keys stop working.", "Delete", "/apps/7", name="board")


@pytest.fixture
def post(rf, db):
    """Make the answer of one request, as the pages' middleware makes them; returns it with the toasts."""

    user = factories.UserFactory()

    def send(view, data=None):
        request = rf.get("/do") if data is None else rf.post("/do", data)
        request.user, request.session = user, {}
        request._messages = CookieStorage(request)
        request.resolver_match = None
        answer = describe_reader(view)(request)
        return answer, [(toast.level_tag, str(toast)) for toast in request._messages._queued_messages]

    return send


def refuse():
    raise RefusedError("it runs", remedy="stop it first")


def test_a_button_leads_on_with_what_was_done(post):
    answer, toasts = post(lambda request: perform(request, lambda: 1, said="Suspended.", to="/apps"), {})
    assert (answer.status_code, answer["Location"], toasts) == (302, "/apps", [("good", "Suspended.")])


def test_a_button_that_was_refused_leads_on_with_why(post):
    answer, toasts = post(lambda request: perform(request, refuse, said="Suspended.", to="/apps"), {})
    assert (answer.status_code, toasts) == (302, [("bad", "It runs. Stop it first.")])


def answered(call):
    return lambda request: confirm(request, ASKED, call, said="Deleted.", to="/apps")


def test_what_cannot_be_undone_is_asked_first(post):
    answer, toasts = post(answered(refuse))
    page = answer.content.decode()
    assert (answer.status_code, toasts) == (200, [])
    assert all(text in page for text in ("Delete board?", "Its keys stop working.", "Type board to confirm"))
    assert "Nothing was changed" not in page


def test_a_wrong_name_is_asked_again(post):
    answer, _ = post(answered(refuse), {"typed": "bored"})
    assert answer.status_code == 422
    assert "This is not board." in answer.content.decode()


def test_the_right_name_does_it(post):
    answer, toasts = post(answered(lambda: None), {"typed": "board"})
    assert (answer["Location"], toasts) == ("/apps", [("good", "Deleted.")])


def test_a_name_with_space_around_and_in_it_is_typed_as_the_page_shows_it(post):
    asked = Confirmation("Delete it?", "It stops.", "Delete", "/apps/7", name=" my  board ")
    call = lambda request: confirm(request, asked, lambda: None, said="Deleted.", to="/apps")  # noqa: E731
    assert "Type my board to confirm" in post(call)[0].content.decode()
    assert post(call, {"typed": "my board"})[0]["Location"] == "/apps"
    assert post(call, {"typed": "myboard"})[0].status_code == 422


def test_a_confirmed_step_that_was_refused_says_why(post):
    answer, _ = post(answered(refuse), {"typed": "board"})
    assert answer.status_code == 422
    assert "It runs. Stop it first." in answer.content.decode()


def test_a_form_with_errors_is_shown_again_with_what_was_typed_and_takes_the_focus(post):
    form = AppForm({"name": "", "example": "kept & escaped"})
    form.attempt(refuse)
    answer, _ = post(lambda request: show_form(request, "confirm.html", form, {"asked": ASKED}), {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "kept &amp; escaped" in page
    assert page.index("autofocus") < page.index('<a href="#id_name">Name</a>: This field is required.')
    assert f"Request <code>{answer['X-Request-Id']}</code>" in page
