"""The components that come with the engine. Those of other packages are added where everything is wired."""

from __future__ import annotations

from streams.inputs import broker as broker_input
from streams.inputs import generate
from streams.inputs import kafka as kafka_input
from streams.outputs import broker as broker_output
from streams.outputs import drop
from streams.outputs import kafka as kafka_output
from streams.outputs import sync_response as sync_response_output
from streams.processors import mapping
from streams.processors import sync_response as sync_response_processor
from streams.registry import Registry


def core_registry() -> Registry:
    """All built-in components, each allowed."""
    return Registry().with_component(
        broker_input.BROKER,
        generate.GENERATE,
        kafka_input.KAFKA,
        broker_output.BROKER,
        drop.DROP,
        kafka_output.KAFKA,
        mapping.MAPPING,
        mapping.MUTATION,
        sync_response_output.SYNC_RESPONSE,
        sync_response_processor.SYNC_RESPONSE,
    )
