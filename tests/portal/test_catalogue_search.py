"""Facets count what each value would leave."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue_search import LIFECYCLES, WAYS, Choice, Entry, count_facets

ENTRIES = st.lists(
    st.builds(
        Entry,
        publisher=st.sampled_from(["a", "b", "c"]),
        publisher_name=st.just("x"),
        lifecycle=st.sampled_from(list(LIFECYCLES)),
        ways=st.frozensets(st.sampled_from(list(WAYS))),
    ),
    max_size=12,
)
CHOICES = st.builds(
    Choice,
    publisher=st.sampled_from(["", "a", "c", "unknown"]),
    way=st.sampled_from(["", *WAYS]),
    lifecycle=st.sampled_from(["", *LIFECYCLES]),
)


@given(ENTRIES, CHOICES)
def test_choosing_a_value_leaves_as_many_as_it_said(entries, choice):
    facets = count_facets(entries, choice)
    assert facets.total == sum(entry.fits(choice) for entry in entries)
    for name, values in (
        ("publisher", facets.publishers),
        ("way", facets.ways),
        ("lifecycle", facets.lifecycles),
    ):
        for value in values:
            assert count_facets(entries, replace(choice, **{name: value.value})).total == value.count
            assert value.count or value.value == getattr(choice, name)


def test_what_is_chosen_stays_to_be_seen_though_it_leaves_nothing():
    entry = Entry("a", "A", "published", frozenset({"sse"}))
    facets = count_facets([entry], Choice(way="post", lifecycle="deprecated"))
    assert facets.total == 0
    assert [(value.text, value.count) for value in facets.ways] == [("POST", 0)]
    assert [value.text for value in facets.lifecycles] == ["Deprecated"]
