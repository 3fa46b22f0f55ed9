"""Every example that a function or method declares is run."""

import pytest

from streams import bloblang
from streams.bloblang import MappingError, ParseError
from streams.bloblang.registry import REGISTRY, ExpectedFailure
from tests.conformance import plain, same

EXAMPLES = [
    pytest.param(example, given, wanted, id=f"{spec.name}-{number}")
    for spec in REGISTRY
    for number, (example, (given, wanted)) in enumerate(
        (example, case) for example in spec.examples for case in example.cases
    )
]


def result(mapping, given):
    try:
        return plain(bloblang.compile(mapping).query(given))
    except (MappingError, ParseError) as error:
        return ExpectedFailure(str(error))


@pytest.mark.parametrize(("example", "given", "wanted"), EXAMPLES)
def test_example_gives_what_it_says(example, given, wanted):
    got = result(example.mapping, given)
    assert same(got, wanted) or got == wanted


def test_no_example_yields_a_float_that_would_be_written_as_python_does():
    # Only computed numbers are examined: those of the input may be plain.
    for spec in REGISTRY:
        for example in spec.examples:
            for given, _ in example.cases:
                made = result(example.mapping, given)
                assert made.__class__ is not float or made == given, (spec.name, example.mapping)


@pytest.mark.parametrize("spec", list(REGISTRY), ids=lambda spec: spec.name)
def test_every_function_and_method_says_what_it_does(spec):
    assert spec.summary.endswith(".")
    assert not (spec.variadic and spec.parameters)
