"""What may be repeated elsewhere, and what looks at one message only: nested processors have a say."""

import pytest

from streams.spec import is_per_message, is_replayable
from streams.stages import run_stages
from tests.streams.making import message, stream
from tests.streams.processors.processing import Processing


def component(text):
    checked = stream(
        f"input: {{generate: {{mapping: root = 1}}}}\noutput: {{drop: {{}}}}\n"
        f"cache_resources: [{{label: seen, memory: {{}}}}]\npipeline: {{processors: [{text}]}}"
    )
    return checked.processors[0]


@pytest.mark.parametrize(
    ("text", "replayable", "per_message"),
    [
        ("try: [{mapping: root = this}]", True, True),
        ("try: [{mapping: root = now()}]", False, True),
        ("catch: [{unarchive: {format: lines}}]", True, False),
        ("for_each: [{mapping: root = this}]", True, True),
        ("parallel: {processors: [{mapping: root = uuid_v4()}]}", False, True),
        ("switch: [{check: this.a == 1, processors: [{mapping: root = this}]}]", True, True),
        ("switch: [{check: batch_index() == 1, processors: [{mapping: root = this}]}]", False, False),
        ("switch: [{check: now() == this.a}]", False, True),
        ("branch: {processors: [{mapping: root = this}], result_map: root.a = this}", True, True),
        ("branch: {processors: [{mapping: root = this}], result_map: root.a = now()}", False, True),
        ("branch: {processors: [{http: {url: 'http://a.example'}}]}", False, True),
        ("while: {check: this < 3, processors: [{mapping: root = this + 1}]}", True, False),
        ("group_by: [{check: this < 3, processors: [{mapping: root = now()}]}]", False, False),
        ("group_by_value: {value: '${! this.a }'}", True, False),
        ("split: {}", True, False),
        ("archive: {format: lines}", True, False),
        ("dedupe: {cache: seen, key: a}", False, True),
        ("cached: {cache: seen, key: a, processors: [{mapping: root = this}]}", False, False),
        ("sleep: {duration: 1s}", False, False),
        ("json_schema: {schema: '{}'}", True, True),
    ],
)
def test_traits(text, replayable, per_message):
    found = component(f"{{{text}}}")
    assert (is_replayable(found), is_per_message(found)) == (replayable, per_message)


async def test_messages_that_one_record_becomes_have_their_place_among_them_as_ordinal():
    processing = Processing(
        "- switch: [{check: 'true', processors: [{unarchive: {format: json_array}}]}]\n- mapping: root = this + 1"
    )
    records = [message(b"[1,2]", 0), message(b"[3]", 1), message(b"[4,5]", 2)]
    for grouped in (True, False):
        made = await run_stages(processing.stages, records, grouped=grouped)
        assert [(one.value, one.source.position, one.ordinal) for one in made] == [
            (2, "orders/0@0", 0),
            (3, "orders/0@0", 1),
            (4, "orders/0@1", 0),
            (5, "orders/0@2", 0),
            (6, "orders/0@2", 1),
        ]


async def test_nested_processors_are_counted_under_their_own_names():
    processing = Processing(
        "- label: careful\n  try:\n    - {label: inner, mapping: 'root = throw(\"x\")'}\n    - noop: {}"
    )
    await processing.run(1, 2)
    stages = processing.statistics.stages
    assert (stages["inner"].received, stages["inner"].errors) == (2, 2)
    assert (stages["careful"].received, stages["careful"].errors) == (2, 0)
