"""The Celery application: workers host streams and deliveries, beat schedules the sweeps.

With urls.py and asgi.py one of the three files that name every package.
"""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("sluice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["gateway", "webhooks"])


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Leave logging as Django has set it up; without a receiver Celery would do it again."""


class EngineStep(bootsteps.StartStopStep):
    """Starts and stops the event loop on which a worker process runs its streams and deliveries.

    It comes up before the worker asks the broker for tasks, so that streams run while Valkey is away.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Start, in the process that will do the work. Exits when the pool would fork."""
        if not parent.pool_cls.__module__.endswith(".thread"):
            raise SystemExit(
                "worker: start it with `-P threads`; Kafka clients do not survive the fork of other pools"
            )
        # By name, since models cannot be imported before Celery has set Django up.
        self._thread = import_string("portal.worker.EngineThread")()
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Stop inputs, then pipelines, then deliveries; return when everything is given back."""
        self._thread.stop()


app.steps["worker"].add(EngineStep)
