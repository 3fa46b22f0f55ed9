"""The usual designs for streams over HTTP, to be measured beside Sluice; `uvicorn tests.bench.naive_streams:...`.

`fan_out`: a Channels consumer per client, and a `group_send` per message through `channels_redis`, as Channels' own
documentation shows. `post`: a view of Django REST framework that looks the key up, counts in the cache, and produces.
Both read TOPIC, KAFKA_BOOTSTRAP_SERVERS and VALKEY_URL.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import dj_database_url
import django
from channels.generic.http import AsyncHttpConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from confluent_kafka import Consumer, Producer
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.cache import cache
from django.db import models
from django.urls import path

TOPIC = os.environ["TOPIC"]
BOOTSTRAP = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
VALKEY = os.environ["VALKEY_URL"]
GROUP = "events"
KEY = "naive-key"
PER_SECOND = 1_000_000
COUNTED_SECONDS = 60

database = dj_database_url.parse(os.environ["DATABASE_URL"])
# Django's own remedy for connections under ASGI, where a thread's outlasts its request.
database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": True}
settings.configure(
    ALLOWED_HOSTS=["*"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": VALKEY}},
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [VALKEY]},
        }
    },
    DATABASES={"default": database},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []},
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

# Its modules read the settings when they are imported.
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Key(models.Model):
    """An API key of a subscription."""

    text = models.CharField(max_length=64, unique=True)
    approved = models.BooleanField(default=True)

    objects: ClassVar[models.Manager["Key"]] = models.Manager()

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return f"Key {self.pk}"


class Events(AsyncHttpConsumer):  # type: ignore[misc]  # Channels has no types
    """Server-sent events: whatever the group is sent."""

    async def http_request(self, _message: dict[str, Any]) -> None:
        """Join the group and keep the response open."""
        _start_reading()
        await self.send_headers(headers=[(b"Content-Type", b"text/event-stream")])
        await self.send_body(b": hello\n\n", more_body=True)
        await self.channel_layer.group_add(GROUP, self.channel_name)

    async def message(self, event: dict[str, str]) -> None:
        """Send one message on."""
        await self.send_body(f"data: {event['text']}\n\n".encode(), more_body=True)

    async def disconnect(self) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(GROUP, self.channel_name)


class Post(APIView):
    """Takes one message."""

    producer: ClassVar[Producer] = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 0})

    def post(self, request: Request) -> Response:
        """Check the key, count, produce, and answer when the broker has it."""
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not Key.objects.filter(text=key, approved=True).exists():
            return Response(status=401)
        second = f"limit:{key}:{int(time.time())}"
        cache.add(second, 0, COUNTED_SECONDS)
        if cache.incr(second) > PER_SECOND:
            return Response(status=429)
        written: list[object] = []
        self.producer.produce(TOPIC, request.body, on_delivery=lambda error, _: written.append(error))
        while not written:
            self.producer.poll(0.001)
        return Response(status=502 if written[0] else 200)


urlpatterns = [path("post", Post.as_view())]
_reading: list[threading.Thread] = []


def _start_reading() -> None:
    """Read the topic in a thread, from the first client on."""
    if _reading:
        return
    loop, layer = asyncio.get_running_loop(), get_channel_layer()

    def send(text: str) -> None:
        sending = layer.group_send(GROUP, {"type": "message", "text": text})
        asyncio.run_coroutine_threadsafe(sending, loop).result()

    _reading.append(threading.Thread(target=_read, args=(send,), daemon=True))
    _reading[0].start()


def _read(send: Callable[[str], None]) -> None:
    consumer = Consumer(
        {"bootstrap.servers": BOOTSTRAP, "group.id": "naive-events", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([TOPIC])
    while True:
        for message in consumer.consume(500, 0.02):
            if not message.error():
                send((message.value() or b"").decode())


fan_out = ProtocolTypeRouter({"http": URLRouter([path("events", Events.as_asgi())])})
post = get_asgi_application()
