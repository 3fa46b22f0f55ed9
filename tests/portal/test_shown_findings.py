"""Findings with the lines they are about."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault
from portal.shown_findings import MOST_SHOWN, shown_findings

TEXT = "streams:\n  input:\n    kafka:\n      topcs: [a]\n      consumer_group: g\n"


def test_a_finding_shows_its_line_with_the_word_marked_and_the_lines_beside_it():
    found = shown_findings(TEXT, [Fault("no such field", line=4, column=7)])
    [finding] = found.findings
    assert [(line.number, line.before, line.marked, line.after) for line in finding.excerpt] == [
        (3, "kafka:", "", ""),
        (4, "  ", "topcs:", " [a]"),
        (5, "  consumer_group: g", "", ""),
    ]
    assert (found.errors, found.warnings, finding.is_error) == (1, 0, True)


def test_a_place_far_to_the_right_stands_in_sight():
    [finding] = shown_findings("a: " + "x" * 90 + " bad", [Fault("bad", line=1, column=95)]).findings
    [line] = finding.excerpt
    assert (line.before, line.marked) == ("…" + "x" * 11 + " ", "bad")


def test_a_finding_of_the_whole_has_no_excerpt():
    [finding] = shown_findings(TEXT, [], [Fault("nobody offers it")]).findings
    assert (finding.excerpt, finding.is_error) == ((), False)


def test_many_findings_are_counted_and_some_are_shown():
    found = shown_findings(TEXT, [Fault("bad", line=1, column=1)] * 60, [Fault("odd")])
    assert (len(found.findings), found.unshown) == (MOST_SHOWN, 11)


@given(st.text(alphabet="ab \n\r:", max_size=400), st.integers(1, 30), st.integers(1, 500))
def test_no_place_is_out_of_a_texts_reach(text, line, column):
    [finding] = shown_findings(text, [Fault("bad", line=line, column=column)]).findings
    lines = text.split("\n")
    assert [shown.number for shown in finding.excerpt] == [
        number for number in range(line - 1, line + 2) if 1 <= number <= len(lines) and line <= len(lines)
    ]
    for shown in finding.excerpt:
        assert shown.before.removeprefix("…") + shown.marked + shown.after in lines[shown.number - 1] + " "
