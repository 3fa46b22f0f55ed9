"""`manage.py streams`: what authors do at their desks."""

import json
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
import yaml
from django.core.management import CommandError, call_command

from portal.components import definition_registry
from streams.management.commands.streams import REFERENCE
from streams.reference.folder import is_made, reference
from streams.reference.json_schema import configuration_schema
from tests.streams.making import findings

GOOD = """\
input: {generate: {mapping: 'root.n = counter()', count: 3, interval: ""}}
pipeline:
  processors:
    - {label: double, mapping: root.n = this.n * 2}
    - {label: look_up, http: {url: 'http://localhost:1/'}}
output: {stdout: {}}
"""
SCALE = "processor_resources: [{label: scale, mapping: 'root.n = this.n * \"${FACTOR:3}\".number()'}]\n"
BAD = "input: {generate: {mapping: 'root ='}}\noutput:\n  drop: {}\n  nope: 1\n"


def streams(*arguments):
    out, err = StringIO(), StringIO()
    call_command("streams", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*arguments):
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("streams", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue(), str(raised.value)


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return written


def test_lint_reports_all_findings_of_all_files_with_their_places(write, tmp_path):
    write("a/bad.yaml", BAD)
    write("a/bad_bento_test.yaml", "tests: []")
    write("good.json", json.dumps(yaml.safe_load(GOOD.replace("stdout", "drop"))))
    out, message = refused("lint", tmp_path)
    assert [line.split(": ")[:2] for line in out.splitlines()] == [
        [f"{tmp_path}/a/bad.yaml:1:36", "error"],
        [f"{tmp_path}/a/bad.yaml:4:3", "error"],
    ]
    assert message == "2 errors in 2 files"
    assert streams("lint", f"{tmp_path}/good.json")[0] == ""


def test_lint_reads_documents_with_streams(write):
    head = "openapi: 3.0.3\ninfo: {title: a}\nx-tyk-streaming:\n"
    path = write("api.yaml", f"{head}  streams:\n    s: {{nope: 1}}\n")
    out, _ = refused("lint", path)
    assert f"{path}:5:" in out


def test_what_is_not_there_is_said(tmp_path):
    assert refused("lint", tmp_path / "nope")[1] == f"there is no file {tmp_path}/nope"


def test_run_runs_one_stream_to_its_end(write, capfdbinary):
    text = GOOD.replace("    - {label: look_up, http: {url: 'http://localhost:1/'}}\n", "")
    streams("run", write("good.yaml", text))
    assert [json.loads(line)["n"] % 2 for line in capfdbinary.readouterr().out.splitlines()] == [0, 0, 0]


FAILING = """\
input: {generate: {mapping: root = 5, count: 2, interval: ""}}
pipeline: {processors: [{mapping: 'root = throw("no")'}]}
output: {drop: {}}
"""


def test_run_says_what_fails_and_goes_on(write):
    _, err = streams("run", write("failing.yaml", FAILING))
    assert err.count("failed at pipeline.processors.0 line 1: failed assignment (line 1): no: 5") == 2


CORRELATING = """\
input:
  pattern:
    input: {generate: {mapping: 'root = {"k": 1, "n": counter()}', count: 3, interval: ""}}
    key: ${! this.k }
    within: 1h
    steps: [{name: all, check: this.n > 0, times: 3}]
output: {stdout: {}}
"""


def test_run_correlates_for_as_long_as_it_runs(write, capfdbinary):
    streams("run", write("correlating.yaml", CORRELATING))
    [found] = capfdbinary.readouterr().out.splitlines()
    assert len(json.loads(found)["steps"]["all"]) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BAD, "the stream cannot run"),
        ("input: {http_server: {}}\noutput: {drop: {}}\n", "answers HTTP clients, which the gateway does"),
    ],
)
def test_run_refuses_what_cannot_run_here(write, text, reason):
    assert reason in refused("run", write("bad.yaml", text))[1]


TESTS = """
  - name: doubles
    target_processors: double
    input_batch:
      - {json_content: {n: 2}, metadata: {k: v}}
      - {content: '{"n":3,"more":[1,2]}'}
      - {file_content: four.json}
    output_batches:
      - - {json_equals: {n: 4}, metadata_equals: {k: v}, content_equals: '{"n":4}'}
        - {json_contains: '{"n":6}', bloblang: this.n == 6, content_matches: '^{.*6'}
        - {file_json_equals: eight.json, file_json_contains: eight.json, file_equals: eight.json}
  - name: whole pipeline, where the service is another
    mocks: {look_up: {mapping: 'root = this.merge({"found": true})'}}
    input_batches: [[{json_content: {n: 1}}], [{json_content: {n: 5}}]]
    output_batches: [[{json_equals: {n: 2, found: true}}], [{json_equals: {n: 10, found: true}}]]
  - name: a mapping of its own
    target_mapping: triple.blobl
    input_batch: [{json_content: 3}]
    output_batches: [[{content_equals: "9"}]]
  - name: variables are those of the test
    environment: {FACTOR: "7"}
    target_processors: scale
    input_batch: [{json_content: {n: 2}}]
    output_batches: [[{json_equals: {n: 14}}]]
  - name: an error is seen
    target_processors: /pipeline/processors/0
    input_batch: [{content: no json}]
    output_batches: [[{bloblang: errored()}]]
"""


@pytest.mark.parametrize("beside", [True, False])
def test_tests_pass_from_the_configuration_or_a_file_beside_it(write, beside):
    write("four.json", '{"n":4}')
    write("eight.json", '{"n":8}')
    write("triple.blobl", "root = this * 3\n")
    good = GOOD.replace("stdout", "drop") + SCALE
    path = write("good.yaml", good + ("" if beside else f"tests:{TESTS}"))
    if beside:
        path = write("good_bento_test.yaml", f"tests:{TESTS}")
    assert streams("test", path)[0] == f"Test '{path}' succeeded\n"


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ("[[{json_equals: {n: 5}}]]", "batch 0 message 0: json_equals: JSON content mismatch"),
        ("[[{json_contains: {m: 5}}]]", "batch 0 message 0: json_contains: JSON superset mismatch"),
        ("[[{bloblang: this.n == 5}]]", "bloblang: bloblang expression was false"),
        ("[[{bloblang: this.}]]", "bloblang: line 1"),
        ("[[{metadata_equals: {k: v}}]]", "metadata_equals: metadata key 'k' expected but not found"),
        ("[[{content_matches: '^x'}]]", "content_matches: pattern mismatch"),
        ("[[{file_equals: nope}]]", "file_equals: "),
        ("[[{}, {}]]", "batch 0: wrong message count, expected 2, got 1"),
        ("[]", "wrong batch count, expected 0, got 1"),
    ],
)
def test_a_test_that_fails_says_where_and_why(write, expected, problem):
    given = "name: t, target_processors: double, input_batch: [{json_content: {n: 1}}]"
    test = f"{{{given}, output_batches: {expected}}}"
    path = write("a.yaml", f"{GOOD.replace('stdout', 'drop')}tests:\n  - {test}\n")
    out, message = refused("test", path)
    assert out.splitlines()[:3] == [f"Test '{path}' failed", "", f"{path}:8: t"]
    assert problem in out
    assert message == "1 tests failed"


def test_a_test_of_what_is_not_there_fails(write):
    path = write("a.yaml", f"{GOOD}tests: [{{name: t, target_processors: nope, output_batches: []}}]\n")
    assert "nothing has the label 'nope'" in refused("test", path)[0]


def test_a_test_that_is_written_wrongly_is_refused_with_its_place(write):
    path = write("a.yaml", f"{GOOD}tests:\n  - name: t\n    output_batches: [[{{nope: 1}}]]\n    more: 1\n")
    assert f"{path}:9:24 " in refused("test", path)[1]
    assert f"{path}:10:5 " in refused("test", path)[1]


@pytest.mark.parametrize(
    ("tests", "place"),
    [
        ("input_batches: [5]", "8:31"),
        ("output_batches: [{content_equals: x}]", "8:32"),
        ("output_batches: [[x]]", "8:33"),
    ],
)
def test_messages_that_no_test_could_be_made_of_are_refused_with_their_place(write, tests, place):
    path = write("a.yaml", f"{GOOD}tests:\n  - {{name: t, {tests}}}\n")
    assert f"{path}:{place} " in refused("test", path)[1]


def test_every_component_is_listed():
    out, _ = streams("list", "processor")
    assert "processor  mapping, bloblang" in out
    assert "kafka" not in out


def every(kind):
    return [spec.name for spec in definition_registry().specs() if spec.kind.value == kind]


@pytest.mark.parametrize("small", [True, False])
def test_what_create_prints_has_the_named_components_and_no_unknown_key(small):
    arguments = [
        "create",
        f"kafka/{','.join(every('processor'))}/http_client",
        *(["--small"] if small else []),
    ]
    text, _ = streams(*arguments)
    found = {finding.code for finding in findings(text)}
    assert not found & {"unknown_key", "wrong_type", "component_missing", "field_refused"}
    assert "there is no input 'nope'" in refused("create", "nope")[1]


def test_the_schema_takes_what_lint_takes_and_names_what_it_does_not():
    schema = configuration_schema(definition_registry())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    good = yaml.safe_load(GOOD.replace("stdout", "drop"))
    assert list(validator.iter_errors(good)) == []
    bad = {**good, "output": {"drop": {}, "nope": 1}}
    assert [list(error.absolute_path) for error in validator.iter_errors(bad)] == [["output"]]
    bad = {**good, "input": {"generate": {"mapping": 5}}}
    assert [list(error.absolute_path) for error in validator.iter_errors(bad)] == [
        ["input", "generate", "mapping"]
    ]


def test_the_schema_takes_the_examples_of_every_component():
    registry = definition_registry()
    definitions = configuration_schema(registry)["definitions"]
    for spec in registry.specs():
        validator = jsonschema.Draft7Validator(
            {"$ref": f"#/definitions/{spec.kind.value}", "definitions": definitions}
        )
        for body in spec.examples:
            assert list(validator.iter_errors({spec.name: body})) == [], (spec.kind, spec.name)


def test_schema_prints_it():
    assert json.loads(streams("schema")[0])["title"] == "A stream"


def test_every_component_has_a_page_with_its_fields_and_examples(tmp_path):
    out, _ = streams("docs", tmp_path)
    made = reference(definition_registry())
    assert f"{len(made)} pages" in out
    text = (tmp_path / "components" / "processor" / "sql_raw.md").read_text()
    assert "| `dsn` | string | required |" in text
    assert "```yaml\nsql_raw:\n  driver: postgres\n" in text
    (tmp_path / "components" / "processor" / "gone.md").write_text(text)
    (tmp_path / "notes.md").write_text("# Of somebody else")
    streams("docs", tmp_path)
    assert not (tmp_path / "components" / "processor" / "gone.md").exists()
    assert (tmp_path / "notes.md").exists()


def test_the_language_has_pages_with_signatures_defaults_and_results(tmp_path):
    streams("docs", tmp_path)
    functions = (tmp_path / "bloblang" / "functions.md").read_text()
    assert '`ulid(encoding: "crockford", random_source: "secure_random")`' in functions
    assert '| `encoding` | string | `"crockford"` |' in functions
    methods = (tmp_path / "bloblang" / "methods.md").read_text()
    assert "`.trim(cutset?)`" in methods
    assert 'root = this.uppercase()\n\n# in:  "aé"\n# out: "AÉ"' in methods
    assert "# error: failed assignment (line 1): field `this`: index '5'" in methods
    assert "## `format_timestamp_unix`" not in methods
    assert "[`trim`](methods.md#trim)" in (tmp_path / "bloblang" / "README.md").read_text()


def blobl(monkeypatch, lines, *arguments):
    stdin = SimpleNamespace(buffer=[line.encode() + b"\n" for line in lines])
    out, err = StringIO(), StringIO()
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stdout", out)
    message = ""
    try:
        call_command("blobl", *arguments, stderr=err)
    except CommandError as error:
        message = str(error)
    return out.getvalue(), err.getvalue(), message


def test_blobl_maps_each_line(monkeypatch, tmp_path):
    mapping = "root.b = this.a\nroot = if this.a == 2 { deleted() }\n"
    path = tmp_path / "m.blobl"
    path.write_text(mapping)
    lines = ['{"a":1}', '{"a":2}']
    assert blobl(monkeypatch, lines, "--file", str(path)) == ('{"b":1}\n', "", "")
    assert blobl(monkeypatch, lines[:1], "--pretty", "root = this") == ('{\n  "a": 1\n}\n', "", "")
    assert blobl(monkeypatch, ["ab"], "--raw", "root = content().uppercase()") == ("AB\n", "", "")


def test_blobl_says_which_line_failed_and_goes_on(monkeypatch):
    out, err, message = blobl(monkeypatch, ["no json", '{"a":"x"}', '{"a":1}'], "root = this.a + 1")
    assert out == "2\n"
    assert err.startswith("line 1: parse as json: ")
    assert "line 2: failed assignment (line 1): cannot add types string" in err
    assert message == "the mapping failed on 2 of the lines"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["root ="], "failed to parse mapping: line 1 char "),
        (["--file", "/nope"], "/nope cannot be read: "),
        ([], "give a mapping"),
    ],
)
def test_blobl_refuses_what_it_cannot_read(monkeypatch, arguments, reason):
    assert reason in blobl(monkeypatch, [], *arguments)[2]


def test_the_reference_in_the_documentation_is_that_of_what_there_is():
    folder = Path(__file__).parents[3] / REFERENCE
    written = {
        str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.md") if is_made(path)
    }
    assert written == reference(definition_registry()), "run `manage.py streams docs`"
