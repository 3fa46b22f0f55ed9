"""Packages that add to the engine: what they may add, and how one that cannot be used is refused."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from streams import bloblang
from streams.bloblang.registry import REGISTRY
from streams.bloblang.registry import Registry as Language
from streams.builtin import core_registry
from streams.config import Text, parse
from streams.extensions import ExtensionError, with_extensions
from streams.lint import check_stream
from streams.pipeline import Pipeline
from streams.reference.folder import reference
from streams.reference.json_schema import configuration_schema
from streams.registry import Registry
from streams.spec import Rules
from tests.streams.making import (
    IDENTITY,
    SERVICES,
    ListInput,
    ListOutput,
    MemoryQuarantine,
    findings,
    message,
    stream,
    with_ends,
)

EXAMPLE = Path(__file__).parents[2] / "docs/how-to/extension"
SPEC = "ComponentSpec(Kind.PROCESSOR, {name!r}, 'Nothing.', Noop)"
WORD = "Spec({name!r}, False, 'Nothing.', str)"
MODULE = """\
from streams.bloblang.registry import Spec
from streams.extensions import Extension
from streams.processors.noop import Noop
from streams.spec import ComponentSpec, Kind
EXTENSION = Extension(components=({components}), bloblang=({bloblang}))
"""


def install(folder: Path, name: str, points: dict[str, str], group: str = "sluice.components") -> None:
    """What pip leaves of a package that it installed, besides its modules."""
    info = folder / f"{name.replace('-', '_')}-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
    lines = [f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))


def install_example(folder: Path) -> str:
    """Install the package of the guide. Returns its name."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    shutil.copytree(EXAMPLE / "sluice_cards", folder / "sluice_cards")
    install(folder, project["name"], project["entry-points"]["sluice.components"])
    return str(project["name"])


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages, whose modules are forgotten afterwards, as are their words."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(REGISTRY, "functions", dict(REGISTRY.functions))
    monkeypatch.setattr(REGISTRY, "methods", dict(REGISTRY.methods))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def cards(site):
    """The engine with the package of the guide."""
    return with_extensions(core_registry(), [install_example(site)])


def written(site: Path, components: str = "", bloblang: str = "", *, name: str = "other") -> Registry:
    """The engine with a package that adds what is given as code."""
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(MODULE.format(components=components, bloblang=bloblang))
    install(site, name, {"all": f"{module}:EXTENSION"})
    return with_extensions(core_registry(), [name])


async def test_the_package_of_the_guide_works_in_a_pipeline(cards):
    output, given = (
        ListOutput(),
        ListInput([[message(b'{"card":"4111111111111111","order":"1234567890123"}')]]),
    )
    ends = [spec for spec in with_ends(given, output).specs() if not cards.find(spec.kind, spec.name)]
    text = (
        "input: {listed: {}}\noutput: {kept0: {}}\npipeline:\n  processors:\n"
        "    - mapping: |\n        root = this\n        root.brand = card_brand(this.card)\n"
        "    - mask_cards: {keep: 4}\n"
    )
    checked = stream(text, cards.with_component(*ends))
    await Pipeline(checked, IDENTITY, SERVICES, MemoryQuarantine()).run()
    (taken,) = output.taken
    assert json.loads(taken.content) == {
        "card": "************1111",
        "order": "1234567890123",
        "brand": "visa",
    }


def test_what_it_adds_is_checked_as_ours_is(cards):
    text = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    text += "pipeline: {processors: [{mask_cards: {keep: 9}}]}"
    assert [(one.line, one.column, one.code) for one in findings(text, cards)] == [(3, 45, "wrong_value")]


def test_what_it_adds_stands_in_the_reference_and_the_schema(cards):
    made = reference(cards)
    assert "Digits at the end that stay" in made["components/processor/mask_cards.md"]
    assert "## `card_brand`\n\n`card_brand(" in made["bloblang/functions.md"]
    assert "mask_cards" in json.dumps(configuration_schema(cards))


def test_examples_of_what_it_adds_pass_the_check_and_give_what_they_say(cards):
    from_package = [spec for spec in cards.specs() if spec.name == "mask_cards"]
    for body in from_package[0].examples:
        assert (
            findings(
                f"input: {{generate: {{mapping: root = 1}}}}\noutput: {{drop: {{}}}}\n"
                f"pipeline: {{processors: [{{mask_cards: {json.dumps(body)}}}]}}",
                cards,
            )
            == []
        )
    (example,) = REGISTRY.functions["card_brand"].examples
    (((given, result)),) = example.cases
    assert bloblang.compile(example.mapping).query(given) == result


def test_an_installed_package_does_nothing_unless_it_is_listed(site):
    install_example(site)
    registry = with_extensions(core_registry(), [])
    root, _ = parse(text := "input: {mask_cards: {}}")
    assert root is not None
    _, found = check_stream("orders", root, Text(text), registry, Rules())
    assert "component_unknown" in [one.code for one in found]
    assert "card_brand" not in REGISTRY.functions


def test_asked_for_twice_it_is_the_same(site):
    package = install_example(site)
    once = with_extensions(core_registry(), [package])
    assert [spec.name for spec in with_extensions(core_registry(), [package, package]).specs()] == [
        spec.name for spec in once.specs()
    ]


@pytest.mark.parametrize(
    ("components", "language", "words"),
    [
        (SPEC.format(name="mapping") + ",", "", "there is a processor 'mapping' already"),
        (SPEC.format(name="bloblang") + ",", "", "there is a processor 'bloblang' already"),
        (SPEC.format(name="Shout it") + ",", "", "the name 'Shout it' is not made of"),
        ("3,", "", "not a int"),
        ("", WORD.format(name="uuid_v4") + ",", "Bloblang has a function 'uuid_v4' already"),
        ("", "3,", "not a int"),
    ],
)
def test_a_package_that_takes_what_is_ours_is_refused_with_its_place(site, components, language, words):
    with pytest.raises(ExtensionError, match=r"'other' \(entry point `all = other:EXTENSION`\)") as raised:
        written(site, components, language)
    assert words in str(raised.value)


def test_a_package_that_is_refused_adds_nothing(site):
    names = {*REGISTRY.functions}
    with pytest.raises(ExtensionError):
        written(site, SPEC.format(name="mapping") + ",", WORD.format(name="shout") + ",")
    assert {*REGISTRY.functions} == names


def test_two_packages_cannot_add_the_same(site):
    written(site, SPEC.format(name="shout") + ",", name="first")
    written(site, SPEC.format(name="shout") + ",", name="second")
    with pytest.raises(ExtensionError, match=r"'second'.*there is a processor 'shout' already"):
        with_extensions(core_registry(), ["first", "second"], Language())


def test_a_package_that_is_missing_or_no_extension_is_named_with_the_remedy(site):
    with pytest.raises(
        ExtensionError, match=r"'sluice-nowhere' is not installed .* take it off SLUICE_EXTENSIONS"
    ):
        with_extensions(core_registry(), ["sluice-nowhere"])
    install(site, "plain", {"run": "plain:main"}, "console_scripts")
    with pytest.raises(ExtensionError, match=r"'plain' is no extension"):
        with_extensions(core_registry(), ["plain"])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("EXTENSION = 3", "gives a int: it must name a streams.extensions.Extension"),
        ("raise RuntimeError('no licence')", "cannot be loaded: RuntimeError: no licence"),
        ("", "cannot be loaded: AttributeError"),
        ("import nothing_of_this_name", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_broken_package_is_named_with_what_is_wrong(site, code, words):
    (site / "broken.py").write_text(code)
    install(site, "broken", {"all": "broken:EXTENSION"})
    with pytest.raises(ExtensionError, match=r"'broken' \(entry point `all = broken:EXTENSION`\)") as raised:
        with_extensions(core_registry(), ["broken"])
    assert words in str(raised.value)
