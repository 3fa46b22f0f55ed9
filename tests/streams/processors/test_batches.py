"""Processors that divide, pick from and add to batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.message import Message
from tests.streams.processors.processing import Processing, errors, failed, processed, values


async def test_group_by_makes_a_batch_of_each_group_and_of_the_rest():
    text = """\
- group_by:
    - {check: this < 3, processors: [{mapping: root = this + 100}]}
    - {check: this < 6}
- mapping: 'root = [this, batch_size()]'
"""
    made = await processed(text, 9, 1, 4, 2, 5)
    assert values(made) == [[[101, 2], [102, 2]], [[4, 2], [5, 2]], [[9, 1]]]


async def test_a_query_of_group_by_that_fails_flags_its_message():
    made = await processed("- group_by: [{check: this < 3}]", "x", 1)
    assert values(made) == [[1], ["x"]]
    assert errors(made)[0] is None
    assert "cannot compare types" in errors(made)[1]


async def test_group_by_value_orders_batches_by_the_first_of_each():
    made = await processed("- group_by_value: {value: '${! this.k }'}", {"k": "b"}, {"k": "a"}, {"k": "b"})
    assert values(made) == [[{"k": "b"}, {"k": "b"}], [{"k": "a"}]]


async def test_messages_without_a_value_are_flagged_in_a_batch_of_their_own():
    made = await processed("- group_by_value: {value: '${! json(\"k\").uppercase() }'}", {"k": "b"}, {"k": 1})
    assert values(made) == [[{"k": "b"}], [{"k": 1}]]
    assert errors(made)[0] is None
    assert errors(made)[1]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{size: 2}", [[1, 2], [3, 4], [5]]),
        ("{}", [[1], [2], [3], [4], [5]]),
        ("{size: 0, byte_size: 3}", [[1, 2, 3], [4, 5]]),
        ("{size: 0}", [[1, 2, 3, 4, 5]]),
    ],
)
async def test_split(body, expected):
    assert values(await processed(f"- split: {body}", 1, 2, 3, 4, 5)) == expected


@given(
    st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=20),
    st.integers(0, 5),
    st.integers(0, 20),
)
async def test_split_loses_nothing_and_keeps_to_its_limits(contents, size, byte_size):
    batches = await processed(f"- split: {{size: {size}, byte_size: {byte_size}}}", *contents)
    assert [one.content for batch in batches for one in batch] == contents
    for batch in batches:
        assert not size or len(batch) <= size
        assert not byte_size or len(batch) == 1 or sum(len(one.content) for one in batch) <= byte_size


@pytest.mark.parametrize(
    ("parts", "expected"),
    [([0, -1], [[1, 3]]), ([2, 0, 0], [[3, 1, 1]]), ([7, -4], []), ([], [])],
)
async def test_select_parts(parts, expected):
    assert values(await processed(f"- select_parts: {{parts: {parts}}}", 1, 2, 3)) == expected


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, [9, 1, 2]), (1, [1, 9, 2]), (5, [1, 2, 9]), (-1, [1, 2, 9]), (-2, [1, 9, 2]), (-9, [9, 1, 2])],
)
async def test_insert_part(index, expected):
    assert values(await processed(f"- insert_part: {{index: {index}, content: '9'}}", 1, 2)) == [expected]


async def test_an_inserted_message_has_the_source_of_the_first_and_neither_its_metadata_nor_its_failure():
    first = failed(1)
    first.metadata["k"] = 1
    [[made, _]] = await processed("- insert_part: {index: 0, content: '${! content() }!'}", first)
    assert (made.content, made.metadata, made.error, made.source) == (b"1!", {}, None, first.source)


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ("{}", True),
        ("{max_parts: 1}", False),
        ("{min_parts: 3}", False),
        ("{max_part_size: 1}", False),
        ("{min_part_size: 2}", False),
    ],
)
async def test_bounds_check_drops_whole_batches(body, passes):
    assert values(await processed(f"- bounds_check: {body}", 1, 22)) == ([[1, 22]] if passes else [])


async def test_noop_and_sleep_pass_messages_on():
    assert values(await processed("- noop: {}\n- sleep: {duration: 1ms}", 1, 2)) == [[1, 2]]


async def test_a_message_without_a_duration_is_flagged():
    made = await processed("- sleep: {duration: '${! @wait }'}", Message(b"1", metadata={"wait": "soon"}))
    assert errors(made) == ["failed to parse sleep duration: 'soon' is not a duration"]


async def test_metrics_are_counted_in_the_statistics():
    text = """\
- metric: {type: counter, name: orders, labels: {country: '${! this.c }'}}
- metric: {type: counter_by, name: amount, value: '${! this.n }'}
- metric: {type: gauge, name: newest, value: '${! this.n }'}
"""
    processing = Processing(text)
    made = await processing.run(
        {"c": "de", "n": 1}, {"c": "fr", "n": 2}, {"c": "de", "n": 3}, {"c": "de", "n": "x"}
    )
    assert processing.statistics.metrics == {
        ("orders", (("country", "de"),)): 3.0,
        ("orders", (("country", "fr"),)): 1.0,
        ("amount", ()): 6.0,
        ("newest", ()): 3.0,
    }
    assert [error is None for error in errors(made)] == [True, True, True, False]


async def test_a_log_entry_is_one_line_whatever_is_in_the_message(caplog):
    text = (
        "- log: {level: WARN, message: '${! content() }', fields_mapping: 'root.size = content().length()'}"
    )
    await processed(text, b"a\nb")
    [entry] = [record.getMessage() for record in caplog.records]
    assert entry == 'shop/orders pipeline.processors.0: a\\nb {"size":3}'
