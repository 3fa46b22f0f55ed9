"""Which components definitions may use here: ours and those of extensions, less what the operator refuses."""

from functools import lru_cache

from django.conf import settings

from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from gateway.internal_topic import InternalTopics
from streams.builtin import core_registry
from streams.extensions import with_extensions
from streams.registry import Registry
from webhooks.outputs import PORTAL_WEBHOOK


@lru_cache(maxsize=1)
def every_component() -> Registry:
    """All of them, allowed, with those of the packages in SLUICE_EXTENSIONS. Raises ExtensionError."""
    ours = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT, PORTAL_WEBHOOK)
    return with_extensions(ours, settings.EXTENSIONS)


def definition_registry() -> Registry:
    """Those that SLUICE_STREAMING_COMPONENTS allows, in the terms of this operator."""
    allowed = every_component().only(settings.STREAMING_COMPONENTS)
    return allowed.with_environment(settings.STREAMING_ENVIRONMENT).with_limits(settings.STREAM_LIMITS)


def internal_topics() -> InternalTopics:
    """Where streams that cannot be replayed keep what they made."""
    return InternalTopics(settings.KAFKA_BOOTSTRAP_SERVERS, settings.INTERNAL_RETENTION_HOURS)
