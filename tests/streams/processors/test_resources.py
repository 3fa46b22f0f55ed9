"""Processors that use the caches and rate limits of a stream."""

import pytest

from streams.message import Message
from streams.processors.rate_limit import RateLimitProcessor
from tests.streams.making import findings
from tests.streams.processors.processing import Processing, errors, processed, texts, values

CACHES = "cache_resources:\n  - {label: seen, memory: {init_values: {known: there}}}"
LIMITS = "rate_limit_resources:\n  - {label: slow, local: {count: 2, interval: 50ms}}"


def operation(name, more=""):
    return f"- cache: {{resource: seen, operator: {name}, key: '${{! @key }}'{more}}}"


def keyed(key, content=b"x"):
    return Message(content, metadata={"key": key})


@pytest.mark.parametrize(
    ("name", "key", "content", "error"),
    [
        ("get", "known", "there", None),
        ("get", "other", "x", "operator failed for key 'other': key does not exist"),
        ("exists", "known", "true", None),
        ("exists", "other", "false", None),
        ("add", "known", "x", "operator failed for key 'known': key already exists"),
        ("add", "other", "x", None),
        ("set", "known", "x", None),
        ("delete", "known", "x", None),
        ("delete", "other", "x", None),
    ],
)
async def test_operations_of_the_cache_processor(name, key, content, error):
    made = await processed(operation(name), keyed(key), resources=CACHES)
    assert texts(made) == [[content]]
    assert errors(made) == [error]


async def test_who_names_the_same_cache_gets_the_same():
    write, read = operation("set", ", value: '${! content().uppercase() }'"), operation("get")
    assert texts(await processed(f"{write}\n{read}", keyed("a"), resources=CACHES)) == [["X"]]


async def test_an_entry_may_have_a_time_of_its_own():
    text = f"{operation('set', ', value: a, ttl: 0s')}\n{operation('exists')}"
    assert texts(await processed(text, keyed("a"), resources=CACHES)) == [["false"]]
    made = await processed(operation("set", ", ttl: soon"), keyed("a"), resources=CACHES)
    assert errors(made) == ["failed to parse ttl: 'soon' is not a duration"]


@pytest.mark.parametrize(("strategy", "expected"), [("FIFO", [0, 1]), ("LIFO", [1, 2])])
async def test_dedupe_keeps_one_message_of_each_key(strategy, expected):
    text = f"- dedupe: {{cache: seen, key: '${{! this.k }}', strategy: {strategy}}}"
    processing = Processing(text, CACHES)
    [made] = await processing.run({"k": "a", "at": 0}, {"k": "b", "at": 1}, {"k": "a", "at": 2})
    assert [one.value["at"] for one in made] == expected
    assert await processing.run({"k": "a"}, {"k": "b"}) == []


async def test_dedupe_drops_a_message_without_a_key():
    text = "- dedupe: {cache: seen, key: '${! this.k.uppercase() }'}"
    assert values(await processed(text, {"k": 1}, {"k": "a"}, resources=CACHES)) == [[{"k": "a"}]]


CACHED = """\
- cached:
    cache: seen
    key: '${! this.k }'
    skip_on: this.n == 1
    processors:
      - mapping: |
          root.n = counter()
          meta kept = "yes"
"""


async def test_cached_asks_its_processors_once_for_each_key():
    made = await processed(
        CACHED.replace("skip_on: this.n == 1", "ttl: 1m"), *({"k": key} for key in "aabab"), resources=CACHES
    )
    assert values(made) == [[{"n": 1}, {"n": 1}, {"n": 2}, {"n": 1}, {"n": 2}]]
    assert [one.metadata for one in made[0]] == [{"kept": "yes"}] * 5


async def test_cached_does_not_keep_what_it_is_told_to_skip():
    made = await processed(CACHED, *({"k": "a"} for _ in range(3)), resources=CACHES)
    assert values(made) == [[{"n": 1}, {"n": 2}, {"n": 2}]]


async def test_cached_does_not_keep_failures():
    text = CACHED.replace("root.n = counter()", 'root.n = if counter() == 1 { throw("no") } else { 5 }')
    made = await processed(text, {"k": "a"}, {"k": "a"}, resources=CACHES)
    assert values(made) == [[{"k": "a"}, {"n": 5}]]


async def test_cached_keeps_bytes_as_they_are():
    text = "- cached: {cache: seen, key: k, processors: [{compress: {algorithm: gzip}}]}"
    text += "\n- decompress: {algorithm: gzip}"
    assert texts(await processed(text, b"abc", b"other", resources=CACHES)) == [["abc", "abc"]]


class Scripted:
    """A rate limit that answers from a list, and remembers what it was asked for."""

    def __init__(self, *waits):
        self.waits = list(waits)
        self.asked = []

    async def access(self, size):
        self.asked.append(size)
        return self.waits.pop(0)


async def test_rate_limit_asks_again_until_each_message_may_go():
    limit = Scripted(0.0, 0.001, 0.001, 0.0)
    assert texts(await RateLimitProcessor(limit).process([Message(b"a"), Message(b"bb")])) == [["a", "bb"]]
    assert limit.asked == [1, 2, 2, 2]


async def test_a_message_waits_for_the_next_interval():
    assert values(await processed("- rate_limit: {resource: slow}", 1, 2, 3, resources=LIMITS)) == [[1, 2, 3]]


NAMED = """\
cache_resources:
  - {label: seen, memory: {}}
processor_resources:
  - {label: once, dedupe: {cache: seen, key: '${! content() }'}}
  - {label: both, processors: [{resource: once}, {mapping: root = this + 1}]}
"""


async def test_a_processor_among_the_resources_is_used_wherever_it_is_named():
    processing = Processing("- try:\n    - resource: both\n- resource: once", NAMED)
    assert values(await processing.run(1, 1, 2)) == [[3]]
    assert processing.statistics.stages["once"].received == 5


def test_a_processor_resource_may_name_only_those_above_it():
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    circle = "processor_resources:\n  - {label: a, resource: b}\n  - {label: b, resource: a}\n"
    assert "resource_unknown" in [one.code for one in findings(ends + circle)]
