"""A worker with traps: `python -m tests.faults.worker ARMING_FILE worker ...` (the rest is Celery's)."""

import sys
from pathlib import Path

import django
from django.utils.module_loading import import_string

from portal.celery import app
from tests.faults.moments import Traps


def main(arming_file: str, *celery_arguments: str) -> None:
    """Set the traps and become the worker."""
    django.setup()
    # By name, since models cannot be imported before Django is set up.
    import_string("tests.faults.traps.install")(Traps(Path(arming_file)))
    app.start(argv=list(celery_arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
