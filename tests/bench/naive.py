"""The naive design, to be measured beside Sluice: a Celery task, a `requests.post` and ORM rows per delivery.

`python -m tests.bench.naive` reads the topic and queues; `celery -A tests.bench.naive worker` delivers. Both
take the estate from NAIVE_PLAN (a file) and work on DATABASE_URL and VALKEY_URL.
"""

import datetime as dt
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import ClassVar

import dj_database_url
import django
import requests
from celery import Celery
from confluent_kafka import Consumer, Message
from django.conf import settings
from django.db import connection, models
from standardwebhooks import Webhook

from tests.load.plan import EndpointPlan, EstatePlan, loaded

BATCH = 100  # records between two commits of the offsets
TIMEOUT_SECONDS = 20.0

settings.configure(
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()
broker = os.environ["VALKEY_URL"].replace("unix://", "redis+socket://").replace("?db=0", "?virtual_host=1")
app = Celery("naive", broker=broker)
app.conf.update(task_ignore_result=True, task_acks_late=True, broker_connection_retry_on_startup=True)


class Event(models.Model):
    """One event."""

    event_type = models.CharField(max_length=127)
    body = models.BinaryField()
    accepted_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Event"]] = models.Manager()

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return f"Event {self.pk}"


class Delivery(models.Model):
    """One event for one endpoint."""

    event = models.ForeignKey(Event, models.CASCADE)
    endpoint = models.IntegerField(db_index=True)
    state = models.CharField(max_length=10, default="pending")
    attempts = models.IntegerField(default=0)

    objects: ClassVar[models.Manager["Delivery"]] = models.Manager()

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Attempt(models.Model):
    """One try."""

    delivery = models.ForeignKey(Delivery, models.CASCADE)
    at = models.DateTimeField(auto_now_add=True)
    status = models.IntegerField()
    milliseconds = models.FloatField()

    objects: ClassVar[models.Manager["Attempt"]] = models.Manager()

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return f"Attempt {self.pk}"


def _plan() -> EstatePlan:
    return loaded(Path(os.environ["NAIVE_PLAN"]).read_text())


ENDPOINTS: dict[int, EndpointPlan] = {
    endpoint.number: endpoint for app_plan in _plan().apps for endpoint in app_plan.endpoints
}


@app.task(name="deliver")
def deliver(delivery_id: int) -> None:
    """Sign, post, record."""
    delivery = Delivery.objects.select_related("event").get(pk=delivery_id)
    endpoint, body = ENDPOINTS[delivery.endpoint], bytes(delivery.event.body)
    now, message_id = dt.datetime.now(dt.UTC), f"msg_{delivery.event.pk}"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(endpoint.secret).sign(message_id, now, body.decode()),
    }
    started = time.monotonic()
    answer = requests.post(endpoint.url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
    milliseconds = (time.monotonic() - started) * 1000
    Attempt.objects.create(delivery=delivery, status=answer.status_code, milliseconds=milliseconds)
    delivery.state, delivery.attempts = "delivered", delivery.attempts + 1
    delivery.save()


def dispatch() -> None:
    """Read the topic for ever: rows and a task for every delivery, then the offsets."""
    plan = _plan()
    recipients: dict[str, list[int]] = defaultdict(list)
    for types in plan.products.values():
        for name in types:
            recipients[name] = [endpoint.number for _, endpoint in plan.recipients(name)]
    consumer = Consumer(
        {
            "bootstrap.servers": plan.bootstrap,
            "group.id": "naive",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([plan.topic])
    while True:
        for message in consumer.consume(BATCH, 0.1):
            _accept(message, recipients)
        consumer.commit(asynchronous=True)


def _accept(message: Message, recipients: dict[str, list[int]]) -> None:
    body = message.value() or b""
    record = json.loads(body)
    action = record.get("action")
    event_type = f"{record['event']}.{action}" if isinstance(action, str) else record["event"]
    event = Event.objects.create(event_type=event_type, body=body)
    for endpoint in recipients[event_type]:
        deliver.delay(Delivery.objects.create(event=event, endpoint=endpoint).pk)


def create_tables() -> None:
    """Make the three tables."""
    with connection.schema_editor() as editor:
        for model in (Event, Delivery, Attempt):
            editor.create_model(model)


if __name__ == "__main__":
    create_tables()
    dispatch()
