"""No mapping can hang or exhaust memory: each of these would, and stops."""

import itertools
import tracemalloc

import pytest

from streams import bloblang
from streams.bloblang import MappingError
from streams.message import Message

GREEDY = {
    "a range of a trillion": "root = range(0, 1000000000000)",
    "repeated text": 'root = "x".repeat(1000000000000)',
    "repeats of repeats": 'root = "x".repeat(10000).repeat(10000).repeat(10000)',
    "nested iteration": "root = range(0, 3000).map_each(range(0, 3000).map_each(range(0, 3000).sum()).sum())",
    "a fold that doubles text": 'root = range(0, 100).fold("x", item -> item.tally + item.tally)',
    "a fold that doubles arrays": "root = range(0, 100).fold([1], item -> [item.tally, item.tally])",
    "a fold that merges with itself": "root = range(0, 100).fold([1], item -> item.tally.merge(item.tally))",
    "variables that double": "let a = [1]\n" + "let a = [$a, $a]\n" * 40 + "root = $a",
    "metadata that doubles": "meta a = [1]\n" + "meta a = [@a, @a]\n" * 40 + "root = @a",
    "a root that doubles": "root = [1]\n" + "root = [root, root]\n" * 40,
    "text of doubled variables": "let a = [1]\n" + "let a = [$a, $a]\n" * 40 + "root = $a.string()",
    "comparison of doubled variables": (
        "let a = [1]\nlet b = [1]\n" + "let a = [$a, $a]\nlet b = [$b, $b]\n" * 40 + "root = $a == $b"
    ),
    "one text many times over": 'let t = "x".repeat(100000)\nroot = range(0, 100000).map_each(_ -> $t)',
    "a join of one text many times over": (
        'let t = "x".repeat(100000)\nroot = range(0, 100000).map_each(_ -> $t).join("")'
    ),
    "work on a long text in a loop": (
        'let t = "x".repeat(1000000)\nroot = range(0, 1000).map_each(_ -> $t.uppercase().length()).sum()'
    ),
    "a very wide format": 'root = "%999999d".format(1).repeat(1000)',
    "replacing each character": 'root = "x".repeat(100000).replace_all("x", "y".repeat(100000))',
    "replacing each match": 'root = "x".repeat(100000).re_replace_all("x", "y".repeat(100000))',
    "two maps that call each other": (
        'map a { root = [this.apply("b"), this.apply("b")] }\n'
        'map b { root = [this.apply("a"), this.apply("a")] }\nroot = this.apply("a")'
    ),
    "a compressed bomb": ('root = "x".repeat(300000).compress("zlib").decompress("zlib").repeat(100)'),
    "YAML aliases": (
        'root = """a: &a [x,x,x,x,x,x,x,x,x]\n'
        + "".join(
            f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
            for before, name in itertools.pairwise("abcdefghi")
        )
        + '""".parse_yaml()'
    ),
    "sorting by an expensive comparison": (
        "root = range(0, 3000).map_each(n -> -n).sort(i -> i.left < i.right && range(0, 1000).sum() > 0)"
    ),
}


@pytest.mark.parametrize("mapping", GREEDY.values(), ids=GREEDY.keys())
def test_a_greedy_mapping_stops(mapping):
    with pytest.raises(
        MappingError, match=r"did more work than its limit|exceeded maximum allowed stacks"
    ) as caught:
        bloblang.compile(mapping).query({}, fuel=8_000_000)
    assert caught.value.line


def test_memory_stays_within_the_limit():
    hungry = [mapping for name, mapping in GREEDY.items() if "doubles" in name or "many times" in name]
    tracemalloc.start()
    for mapping in hungry:
        with pytest.raises(MappingError):
            bloblang.compile(mapping).query({}, fuel=400_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_no_fallback_of_the_mapping_catches_running_out():
    for greedy in ("range(0, 1000000000).catch(1)", "range(0, 1000000000).or(1)", "range(0, 1000000000) | 1"):
        with pytest.raises(MappingError, match="did more work"):
            bloblang.compile(f"root = {greedy}").query(None)


def test_the_limit_is_a_parameter():
    mapping = bloblang.compile("root = range(0, this.n).map_each(n -> n + 1).sum()", fuel=20_000)
    assert mapping.query({"n": 500}) == 125250
    with pytest.raises(MappingError):
        mapping.query({"n": 5000})
    assert mapping.query({"n": 5000}, fuel=1_000_000) == 12502500


def test_a_large_document_passes_through_a_chain_of_mappings():
    message = Message(b'{"items":[' + b",".join(b'{"n":%d}' % number for number in range(20000)) + b"]}")
    step = bloblang.compile("root = this\nroot.seen = this.items.length()")
    for _ in range(5):
        message = step.apply([message])
    assert message.value["seen"] == 20000


def test_maps_may_recurse_as_deeply_as_bento_allows():
    mapping = bloblang.compile(
        'map down { root = if this > 1 { (this - 1).apply("down") } else { "done" } }\nroot = this.apply("down")'
    )
    assert mapping.query(5000) == "done"
    with pytest.raises(MappingError, match="exceeded maximum allowed stacks of 5000"):
        mapping.query(5001)


def test_what_a_mapping_makes_is_no_larger_than_its_bound_says():
    small, large = Message(b'{"n":1}'), Message(b'{"text":"%s"}' % (b"x" * 100_000))
    mapping = bloblang.compile("root.seen = this.n")
    for made in (
        mapping.apply([large, small], 1),
        mapping.mutate([small, large], 1),
        mapping.overlay([small], large),
        bloblang.compile('root = content().from(1).string()\nroot = {"all": root}').apply([small, large]),
    ):
        assert isinstance(made, Message)
        assert made.size is not None
        assert made.size >= len(made.content)
