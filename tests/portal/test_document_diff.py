"""Differences of two texts: nothing lost, numbers right, long texts in time."""

from hypothesis import given
from hypothesis import strategies as st

from portal.document_diff import MOST_LINES, Change, document_diff

LINES = st.lists(st.sampled_from(["a", "b", "c", "}", ""]), max_size=40)


def shown(old, new):
    return [(line.change.value, line.text, line.old, line.new) for line in document_diff(old, new).lines]


def test_a_changed_line_is_shown_among_its_neighbours_with_both_numbers():
    old = "\n".join(f"line {number}" for number in range(1, 21))
    assert shown(old, old.replace("line 10", "another")) == [
        ("same", "line 7", 7, 7),
        ("same", "line 8", 8, 8),
        ("same", "line 9", 9, 9),
        ("removed", "line 10", 10, None),
        ("added", "another", None, 10),
        ("same", "line 11", 11, 11),
        ("same", "line 12", 12, 12),
        ("same", "line 13", 13, 13),
    ]


def test_what_lies_between_two_changes_is_left_out():
    old = "\n".join(map(str, range(100)))
    diff = document_diff(old, old.replace("20\n", "x\n").replace("80\n", "y\n"))
    assert [line.change for line in diff.lines].count(Change.LEFT_OUT) == 1
    assert (diff.added, diff.removed) == (2, 2)


@given(LINES, LINES)
def test_every_line_that_is_not_shown_is_the_same_on_both_sides(before, after):
    diff = document_diff("\n".join(before), "\n".join(after))
    before, after = (lines if "\n".join(lines) else [] for lines in (before, after))
    assert all(before[line.old - 1] == line.text for line in diff.lines if line.old)
    assert all(after[line.new - 1] == line.text for line in diff.lines if line.new)
    removed = {line.old for line in diff.lines if line.change is Change.REMOVED}
    added = {line.new for line in diff.lines if line.change is Change.ADDED}
    kept = [text for number, text in enumerate(before, 1) if number not in removed]
    assert kept == [text for number, text in enumerate(after, 1) if number not in added]
    assert (diff.added, diff.removed) == (len(added), len(removed))


def test_texts_that_have_too_little_in_common_are_not_compared():
    old = "\n".join(f"old {number}" for number in range(MOST_LINES + 1))
    diff = document_diff(old, old.replace("old", "new"))
    assert diff.is_too_long
    assert not document_diff(old, old + "\nmore").is_too_long
