"""Documents to begin with are good as they are, whatever they are filled with."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.components import definition_registry
from portal.starting_points import STARTING_POINTS, Known, starting_document
from streams.config import parse
from streams.openapi import check_document
from streams.spec import Rules


@pytest.mark.parametrize("point", STARTING_POINTS, ids=lambda point: point.slug)
def test_a_starting_point_is_without_errors(point):
    document = starting_document(point, Known("main", "shop.orders", "order.created"))
    checked = check_document(document, definition_registry(), Rules(dialect="sluice"))
    assert checked.errors == ()
    assert list(checked.document.streams) == ["shop-orders"]


NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,249}", fullmatch=True)


@given(st.text() | NAMES, st.text() | NAMES)
def test_names_are_filled_in_and_nothing_else_is(connection, topic):
    document = starting_document(STARTING_POINTS[0], Known(connection, topic))
    root, findings = parse(document)
    assert not findings
    [stream] = root.plain()["x-tyk-streaming"]["streams"].values()
    assert stream["input"]["kafka"]["topics"] == [topic if NAME.fullmatch(topic) else "orders"]
    assert stream["input"]["kafka"]["addresses"] == [connection if NAME.fullmatch(connection) else "main"]
