"""The delivery engine's tables."""

from webhooks.models.attempt import Attempt, AttemptDecision
from webhooks.models.delivery import Delivery, DeliveryState, DeliveryWorker, Due
from webhooks.models.endpoint import Endpoint, EndpointSecret, EndpointState
from webhooks.models.lane import Lane
from webhooks.models.message import Message, Payload, message_id_text
from webhooks.models.unmatched import UnmatchedCount

__all__ = [
    "Attempt",
    "AttemptDecision",
    "Delivery",
    "DeliveryState",
    "DeliveryWorker",
    "Due",
    "Endpoint",
    "EndpointSecret",
    "EndpointState",
    "Lane",
    "Message",
    "Payload",
    "UnmatchedCount",
    "message_id_text",
]
