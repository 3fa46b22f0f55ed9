"""`python -m tests.faults [--seed N]`: GitHub's events under at least 30 kills; exits 1 if a promise was broken."""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.campaign import Campaign
from tests.faults.script import script
from tests.load.github import github_run
from tests.load.stage import own_stage

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).parents[3] / "shared"))
TOPIC = "github"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(seed: int) -> int:
    """Carry out the script of the seed; returns the exit code."""
    say(f"seed {seed}: repeat with `python -m tests.faults --seed {seed}`")
    with (
        tempfile.TemporaryDirectory(prefix="sluice-faults-") as directory,
        own_stage() as stage,
        github_run(stage, Path(directory), SHARED, TOPIC) as run,
    ):
        campaign = Campaign(stage, run, say)
        ledger = campaign.carry_out(script(seed))
        unmatched = run.unmatched()
    faults = list(ledger.faults)
    if unmatched != ledger.unmatched:
        faults.append(f"Sluice counted {unmatched} unmatched events, the ledger {ledger.unmatched}")
    say(f"\n{campaign.kills} kills\n{ledger}")
    for fault in faults:
        say(f"BROKEN: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.faults")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    sys.exit(main(parser.parse_args().seed))
