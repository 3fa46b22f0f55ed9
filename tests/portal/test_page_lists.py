import pytest
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st

from gateway.models import App
from portal.page_lists import decode_cursor, encode_cursor, list_page, page_of, with_parameter
from tests import factories


@pytest.fixture
def walk(rf):
    """Read a list to its end, by following `next`; returns the names of each page."""

    def read(queryset, order, size):
        query, pages = "?q=kept&after=", []
        while query:
            page = list_page(rf.get(f"/list{query}"), queryset, order, size)
            pages.append([row.name for row in page.rows])
            query = page.next
            assert "q=kept" in (query or page.first or "q=kept")
        return pages

    return read


def test_a_list_is_read_to_its_end_in_parts(db, walk):
    for name in "bacd":
        factories.AppFactory(name=name)
    apps = App.objects.all()
    assert walk(apps, ("name", "pk"), 3) == [["a", "b", "c"], ["d"]]
    assert walk(apps, ("-pk",), 2) == [["d", "c"], ["a", "b"]]
    assert walk(apps, ("-name", "pk"), 4) == [["d", "c", "b", "a"]]


def test_rows_that_are_equal_in_the_first_field_are_lost_at_no_edge(db, walk):
    factories.AppFactory.create_batch(5, name="same")
    assert sum(map(len, walk(App.objects.all(), ("name", "-pk"), 2))) == 5


def test_the_first_page_leads_on_alone_and_the_last_back_alone(db, rf):
    factories.AppFactory.create_batch(2)
    first = list_page(rf.get("/"), App.objects.all(), size=1)
    last = list_page(rf.get(f"/{first.next}"), App.objects.all(), size=1)
    assert (first.first, last.next, last.first) == ("", "", "?")


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", *map(encode_cursor, (["a", "1"], ["\0"], ["\ud800"]))])
def test_a_cursor_that_was_not_made_here_is_no_page(db, rf, cursor):
    with pytest.raises(Http404):
        list_page(
            rf.get("/", {"after": cursor}), App.objects.all(), ("name",) if cursor == "W10" else ("-pk",)
        )


def test_a_cursor_of_a_value_that_the_field_cannot_have_is_no_page(db, rf):
    for order in ("-pk", "created_at"):
        with pytest.raises(Http404):
            list_page(rf.get("/", {"after": encode_cursor(["x"])}), App.objects.all(), (order,))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_a_cursor_is_read_as_it_was_made(values):
    assert decode_cursor(encode_cursor(values), len(values)) == values


def test_what_was_found_by_other_means_becomes_a_page(rf):
    page = page_of(rf.get("/", {"state": "failed", "after": "9"}), ["row"], "7")
    assert (page.rows, page.next, page.first) == (["row"], "?state=failed&after=7", "?state=failed")


def test_a_parameter_is_exchanged_and_others_are_kept(rf):
    request = rf.get("/", {"q": "a b", "after": "x"})
    assert with_parameter(request, "after", "y&z") == "?q=a+b&after=y%26z"
