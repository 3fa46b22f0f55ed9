import json
import subprocess
from pathlib import Path

from portal.demonstration.tutorial import Receiver, shell, steps

README = Path(__file__).parents[3] / "README.md"
HERE = Receiver("http://127.0.0.1:8090/", "whsec_...")


def test_the_readme_shows_the_commands_that_make_up_prints():
    shown = "\n".join(line.removeprefix("    ") for line in README.read_text().splitlines())
    assert "\n".join(shell(steps("hello", HERE))) in shown


def test_the_commands_are_right_shell_and_send_the_bodies_of_the_steps():
    """Run with an `api` that says what it would send, and answers with an id."""
    stand_in = 'api() { printf "%s\\n%s\\0" "$1" "$2" >&2; echo \'{"id": "7", "definition": {"id": "7"}}\'; }'
    script = "\n".join(["set -e", *shell(steps("hello", HERE))]).replace("\npick()", f"\n{stand_in}\npick()")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    sent = [call.partition("\n") for call in done.stderr.split("\0") if call]
    assert [path.replace("7", "") for path, _, _ in sent] == [
        step.path.replace("$PRODUCT", "") for step in steps("hello", HERE)
    ]
    for (_, _, body), step in zip(sent, steps("hello", HERE), strict=True):
        expected = json.dumps(step.body)
        for variable in ("DEFINITION", "PRODUCT", "PLAN", "APP"):
            expected = expected.replace(f"${variable}", "7")
        assert json.loads(body) == json.loads(expected)
