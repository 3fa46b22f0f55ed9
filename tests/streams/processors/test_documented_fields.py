"""Every field that Bento documents for a processor is known here: acted upon, or refused by name with the reason."""

import json
import re
from pathlib import Path

import pytest

from streams.builtin import core_registry
from streams.spec import Kind, Severity, Shape
from tests.conftest import SHARED
from tests.streams.making import findings

pytestmark = pytest.mark.shared
PROCESSORS = [spec for spec in core_registry().specs() if spec.kind is Kind.PROCESSOR]
RESOURCES = {
    "cache_resources": [{"label": "cache", "memory": {}}],
    "rate_limit_resources": [{"label": "limit", "local": {}}],
    "processor_resources": [{"label": "look_up", "noop": {}}],
}


@pytest.fixture(scope="module")
def documented():
    text = (Path(SHARED) / "facts" / "bento_component_fields.json").read_text()
    return json.loads(text)["processors"]


def names(fields, inside=""):
    for field in fields:
        suffix = {Shape.ONE: "", Shape.LIST: "[]", Shape.MAP: ".<name>"}[field.shape]
        yield inside + field.name
        yield from names(field.children, f"{inside}{field.name}{suffix}.")


@pytest.mark.parametrize("spec", PROCESSORS, ids=lambda spec: spec.name)
def test_every_documented_field_is_known(spec, documented):
    wanted = {field["name"] for field in documented[spec.name]["fields"]}
    known = set(names(spec.fields))
    if spec.value_form:  # the documentation has no name for the value itself
        known = {re.sub(r"^\w+(\[\])?\.", "", name) for name in known}
        wanted = {name.removeprefix("[].") for name in wanted}
    assert wanted - known == set()


@pytest.mark.parametrize(
    "spec", [one for one in PROCESSORS if not one.value_form], ids=lambda spec: spec.name
)
def test_a_body_that_writes_the_defaults_out_is_taken(spec, documented):
    body = json.loads(json.dumps(spec.examples[0])) if spec.examples else {}
    for field in documented[spec.name]["fields"]:
        if field.get("default") is not None and not re.search(r"\[\]|<", field["name"]):
            put(body, field["name"].split("."), field["default"])
    stream = {
        "input": {"generate": {"mapping": "root = 1"}},
        "output": {"drop": {}},
        "pipeline": {"processors": [{spec.name: body}]},
        **RESOURCES,
    }
    found = findings(json.dumps(stream))
    assert [one for one in found if one.severity is Severity.ERROR] == []


def put(body, path, value):
    for key in path[:-1]:
        body = body.setdefault(key, {})
    if isinstance(body, dict):
        body.setdefault(path[-1], value)
