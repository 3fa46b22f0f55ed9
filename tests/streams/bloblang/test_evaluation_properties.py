"""Whatever a mapping is run on, it gives a result that can be written, or a MappingError."""

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from streams import bloblang
from streams.bloblang import DELETED, NOTHING, MappingError, ParseError
from streams.bloblang.operators import COMPUTED
from streams.bloblang.registry import REGISTRY
from streams.bloblang.values import wrap_int64
from streams.jsontext import Float, parse, serialise

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False).map(Float),
    st.text(max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)
ARGUMENTS = st.sampled_from(
    ["", "this", "0", "1", "-1", "2.5", '"a"', '"."', '""', "null", "[]", "{}", "true", "x -> x", "_ -> 1", '"%v"',
     '"$.a"', '"hex"', '"2006-01-02"', '"UTC"', "this, this", "0, 1", '"a", "b"', "0, x -> x.value"]
)  # fmt: skip
METHODS = sorted(name for name, spec in REGISTRY.methods.items() if not spec.permission)


def run(text, value):
    """The result, or None where the text is no mapping or it fails as it may."""
    try:
        return bloblang.compile(text, fuel=200_000).query(value)
    except (MappingError, ParseError):
        return None


def assert_can_be_written(result):
    if result is DELETED or result is NOTHING:
        return
    json.loads(serialise(result))


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(METHODS), ARGUMENTS, VALUES)
def test_every_method_gives_a_result_or_a_mapping_error(name, arguments, value):
    assert_can_be_written(run(f"root = this.{name}({arguments})", value))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(METHODS), ARGUMENTS), min_size=2, max_size=4), VALUES)
def test_chains_of_methods_give_a_result_or_a_mapping_error(chain, value):
    calls = "".join(f".{name}({arguments})" for name, arguments in chain)
    assert_can_be_written(run(f"root.made = this{calls}", value))


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([*COMPUTED, "&&", "||", "|"]), VALUES, VALUES)
def test_every_operator_gives_a_result_or_a_mapping_error(operator, left, right):
    assert_can_be_written(run(f"root = this.l {operator} this.r", {"l": left, "r": right}))


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_integers_wrap_as_64_bit_integers_do(left, right):
    given_values = {"l": left, "r": right}
    assert run("root = this.l + this.r", given_values) == wrap_int64(left + right)
    assert run("root = this.l * this.r", given_values) == wrap_int64(left * right)
    assert run("root = this.l - this.r", given_values) == wrap_int64(left - right)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_the_remainder_takes_the_sign_of_the_dividend(left, right):
    assert run("root = this.l % this.r", {"l": left, "r": right}) == int(math.fmod(left, right))


@given(VALUES)
def test_what_is_not_touched_comes_out_as_it_went_in(value):
    written = serialise(value)
    assert serialise(run("root = this", parse(written))) == written


@given(VALUES)
def test_a_mapping_never_changes_its_input(value):
    before = serialise({"v": value})
    whole = parse(before)
    run("root = this\nroot.v.a = 1\nroot.v.b.c = deleted()\nroot.w = root.v\nroot.w.x = 2", whole)
    run('root = this.v.merge(this.v).assign({"a": 1})', whole)
    assert serialise(whole) == before
