"""How long the portal takes for each of its pages, and how often it asks the database, where there is much to show."""

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.report import Result
from tests.load.stage import ROOT, OwnStage

VISITS = "import django; django.setup(); from tests.bench.page_visits import main; main({runs})"


def results(stage: OwnStage, *, runs: int) -> Iterator[Result]:
    """Fill a database, then open each page of the permissions table that an owner sees, `runs` times."""
    command = [sys.executable, "-c", VISITS.format(runs=runs)]
    environment = stage.environment(stage.database())
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    for line in done.stdout.splitlines():
        yield json.loads(line)
