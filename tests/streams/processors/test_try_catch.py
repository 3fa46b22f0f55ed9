"""`try`, `catch`, `for_each`, `parallel` and `processors`: which messages their processors see."""

from tests.streams.processors.processing import errors, failed, processed, values

ADD = "- mapping: root = this + 1"
BREAK = "- mapping: 'root = if this == 2 { throw(\"two\") } else { this }'"


def within(name, *processors):
    return f"- {name}:\n" + "\n".join(f"    {one}" for one in processors)


async def test_try_skips_the_rest_for_a_message_that_failed():
    made = await processed(within("try", ADD, BREAK, ADD), 0, 1, 2)
    assert values(made) == [[2, 2, 4]]
    assert errors(made) == [None, "failed assignment (line 1): two", None]


async def test_try_leaves_messages_alone_that_had_failed_before():
    made = await processed(within("try", ADD), failed(1), 1)
    assert values(made) == [[1, 2]]
    assert errors(made) == ["before", None]


async def test_a_failure_names_the_stage_within_try():
    [[made]] = await processed(within("try", "- noop: {}", BREAK), 2)
    assert (made.error.stage, made.error.line) == ("pipeline.processors.0.try.1", 1)


async def test_try_goes_on_with_each_message_that_one_becomes():
    made = await processed(within("try", "- unarchive: {format: json_array}", BREAK, ADD), [1, 2, 3])
    assert values(made) == [[2, 2, 4]]


async def test_catch_processes_what_failed_and_takes_the_failure_back():
    made = await processed(within("catch", "- mapping: root.error = error()"), failed(1), 2)
    assert values(made) == [[{"error": "before"}, 2]]
    assert errors(made) == [None, None]


async def test_catch_takes_back_what_fails_within_it_too():
    made = await processed(within("catch", BREAK), failed(2))
    assert errors(made) == [None]


async def test_an_empty_catch_only_takes_failures_back():
    given = failed(1)
    assert errors(await processed("- catch: []", given)) == [None]
    assert given.error is not None


async def test_try_and_catch_together_recover():
    made = await processed(
        within("try", BREAK, ADD) + "\n" + within("catch", "- mapping: root = -1"), 1, 2, 3
    )
    assert values(made) == [[2, -1, 4]]


async def test_for_each_and_parallel_make_a_batch_of_each_message():
    for name in ("for_each", "processors"):
        made = await processed(within(name, "- mapping: root = batch_size()"), 1, 2)
        assert values(made) == [[1, 1] if name == "for_each" else [2, 2]]
    made = await processed(
        "- parallel:\n    cap: 1\n    processors:\n      - mapping: root = batch_size()", 1, 2
    )
    assert values(made) == [[1, 1]]


async def test_parallel_keeps_the_order_whoever_is_done_first():
    text = "- parallel:\n    processors:\n      - sleep: {duration: '${! this * 10 }ms'}\n      - mapping: root = this"
    assert values(await processed(text, 3, 1, 2)) == [[3, 1, 2]]


async def test_messages_may_vanish_in_each_of_them():
    for name in ("try", "for_each", "processors"):
        assert await processed(within(name, "- mapping: root = deleted()", ADD), 1) == []
