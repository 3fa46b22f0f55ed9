"""Numbers over time as shapes: pure functions from values to what components/chart.html draws.

A chart is WIDTH by HEIGHT units, stretched to the width it gets; its origin is above on the left, as in SVG.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600.0
HEIGHT: Final = 120.0
_GAP: Final = 0.2
"""Of each column's room."""


@dataclass(frozen=True, slots=True)
class Series:
    """One measure, a value for each moment of its chart."""

    name: str
    values: Sequence[float]
    tone: str = "accent"
    """Its colour: good, warn, bad or accent."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A piece of a column."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series from left to right."""

    points: str
    """As SVG's polyline takes them: `x,y x,y`."""
    tone: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the component draws, and says to who does not see it."""

    title: str
    moments: Sequence[dt.datetime]
    """When each step began; at least one."""
    series: Sequence[Series]
    top: float
    """The value at the upper edge."""
    rectangles: Sequence[Rectangle] = ()
    lines: Sequence[Line] = ()

    @property
    def first(self) -> dt.datetime:
        """When it begins."""
        return self.moments[0]

    @property
    def last(self) -> dt.datetime:
        """When its last step begins."""
        return self.moments[-1]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(one.values) for one in self.series)

    @property
    def totals(self) -> list[tuple[Series, float]]:
        """Each series with the sum of its values, for the legend."""
        return [(one, sum(one.values)) for one in self.series]

    @property
    def rows(self) -> list[tuple[dt.datetime, list[float]]]:
        """The numbers as a table: moment, one value a series."""
        return [(at, [one.values[place] for one in self.series]) for place, at in enumerate(self.moments)]


def column_chart(title: str, moments: Sequence[dt.datetime], series: Sequence[Series]) -> Chart:
    """Return a chart of columns, the series stacked from below in their order."""
    top = round_top(max(map(sum, zip(*(one.values for one in series), strict=True)), default=0))
    return Chart(title, moments, series, top, rectangles=tuple(stacked(series, top)))


def line_chart(title: str, moments: Sequence[dt.datetime], series: Sequence[Series]) -> Chart:
    """Return a chart of lines."""
    top = round_top(max((value for one in series for value in one.values), default=0))
    lines = tuple(Line(points(one.values, top), one.tone) for one in series)
    return Chart(title, moments, series, top, lines=lines)


def stacked(series: Sequence[Series], top: float) -> Iterator[Rectangle]:
    """The pieces of each column that are not nothing, column by column, from below."""
    room = WIDTH / max(len(series[0].values), 1)
    for place in range(len(series[0].values)):
        edge = HEIGHT
        for one in series:
            height = HEIGHT * one.values[place] / top
            edge -= height
            if height > 0:
                x = room * (place + _GAP / 2)
                yield Rectangle(_short(x), _short(edge), _short(room * (1 - _GAP)), _short(height), one.tone)


def points(values: Sequence[float], top: float) -> str:
    """Return a line through values at equal distances; a single value is a level line."""
    drawn = [*values, *values] if len(values) == 1 else values
    distance = WIDTH / max(len(drawn) - 1, 1)
    return " ".join(
        f"{_short(place * distance)},{_short(HEIGHT - HEIGHT * value / top)}"
        for place, value in enumerate(drawn)
    )


def round_top(most: float) -> float:
    """Return the least of 1, 2 or 5 times a power of ten that is not below a value; of nothing, 1."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= most)


def whole_steps(first: dt.datetime, length: dt.timedelta, count: int) -> list[dt.datetime]:
    """Return when each of `count` steps begins."""
    return [first + place * length for place in range(count)]


def _short(number: float) -> float:
    return round(number, 2)
