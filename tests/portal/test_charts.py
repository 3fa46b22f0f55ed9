import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts import HEIGHT, WIDTH, Series, column_chart, line_chart, points, round_top, whole_steps

NOON = dt.datetime(2026, 4, 30, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
values = st.just(0.0) | st.floats(min_value=1e-6, max_value=1e12)
columns = st.integers(1, 40).flatmap(
    lambda length: st.lists(st.lists(values, min_size=length, max_size=length), min_size=1, max_size=4)
)


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (5, 5), (7, 10), (101, 200), (0.3, 0.5)])
def test_the_top_is_a_round_number_not_below_the_most(most, top):
    assert round_top(most) == pytest.approx(top)


@given(values)
def test_the_top_is_never_below_a_value(value):
    assert round_top(value) * (1 + 1e-9) >= value


@given(columns)
def test_columns_stay_within_the_chart_and_do_not_overlap(numbers):
    moments = whole_steps(NOON, HOUR, len(numbers[0]))
    chart = column_chart("", moments, [Series(str(place), row) for place, row in enumerate(numbers)])
    for piece in chart.rectangles:
        assert 0 <= piece.x <= piece.x + piece.width <= WIDTH + 0.02
        assert -0.1 <= piece.y <= piece.y + piece.height <= HEIGHT + 0.1


def test_series_are_stacked_from_below():
    chart = column_chart("", [NOON], [Series("good", [6], "good"), Series("bad", [4], "bad")])
    good, bad = chart.rectangles
    assert (good.y + good.height, good.height, bad.height) == (HEIGHT, 72, 48)
    assert bad.y + bad.height == good.y
    assert (good.tone, bad.tone) == ("good", "bad")


def test_what_is_nothing_has_no_piece():
    chart = column_chart("", [NOON, NOON + HOUR], [Series("", [0, 1]), Series("", [0, 0])])
    assert len(chart.rectangles) == 1
    assert not chart.is_empty


def test_a_line_goes_from_the_left_edge_to_the_right():
    assert points([0, 5, 10], 10) == "0.0,120.0 300.0,60.0 600.0,0.0"


def test_a_single_value_is_a_level_line():
    assert points([5], 10) == "0.0,60.0 600.0,60.0"


def test_a_chart_says_its_numbers_as_a_table_and_a_legend():
    chart = line_chart("", [NOON, NOON + HOUR], [Series("a", [1, 2]), Series("b", [3, 4])])
    assert chart.rows == [(NOON, [1, 3]), (NOON + HOUR, [2, 4])]
    assert [(series.name, total) for series, total in chart.totals] == [("a", 3), ("b", 7)]
    assert (chart.first, chart.last, chart.top) == (NOON, NOON + HOUR, 5)


def test_a_chart_of_nothing_is_empty():
    assert column_chart("", [NOON], [Series("", [0])]).is_empty
