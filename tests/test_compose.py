"""docker-compose.yml is a Compose file, and runs what `make up` runs."""

import json
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from jsonschema.validators import validator_for

from tests.parts.missing import missing

PROJECT = Path(__file__).parents[1]
SCHEMA_PACKAGE = "check_jsonschema"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def validator():
    """The Compose specification's own schema, as check-jsonschema carries it."""
    if find_spec(SCHEMA_PACKAGE) is None:
        missing("no check-jsonschema, which carries the Compose schema")
    schema = json.loads((files(SCHEMA_PACKAGE) / "builtin_schemas/vendor/compose-spec.json").read_text())
    return validator_for(schema)(schema)


def test_the_file_keeps_to_the_compose_schema(compose, validator):
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)] == []


def test_the_schema_finds_what_is_wrong(compose, validator):
    assert not validator.is_valid({**compose, "services": {"portal": {"imagine": "sluice"}}})


def test_every_part_and_every_process_is_there(compose):
    parts, processes = {"postgresql", "valkey", "kafka"}, {"migrate", "portal", "gateway", "worker", "beat"}
    assert set(compose["services"]) == parts | processes


def test_every_process_waits_for_every_part(compose):
    waiting = {
        name: set(compose["services"][name]["depends_on"]) for name in ("portal", "gateway", "worker", "beat")
    }
    assert set(map(frozenset, waiting.values())) == {frozenset({"postgresql", "valkey", "kafka", "migrate"})}


def test_no_secret_has_a_default(compose):
    settings = compose["services"]["portal"]["environment"]
    for name in ("SLUICE_SECRET_KEY", "SLUICE_KEY_RING"):
        assert settings[name] == f"${{{name}:?set it in .env}}"
