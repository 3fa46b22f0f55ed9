"""An estate as data: who publishes what, who subscribes to it, and by that alone who must receive what."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.load.events import MAPPING


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """One webhook endpoint."""

    number: int  # in the receiver's paths; unique in the estate
    url: str
    secret: str  # whsec_...
    event_types: tuple[str, ...] = ()  # none: all that the app's products offer
    max_in_flight: int = 16


@dataclass(frozen=True, slots=True)
class AppPlan:
    """One app with its subscriptions."""

    name: str
    products: tuple[str, ...]  # subscribed to, approved
    endpoints: tuple[EndpointPlan, ...]
    requested: tuple[str, ...] = ()  # subscribed to, not approved: nothing of them may come


@dataclass(frozen=True, slots=True)
class EstatePlan:
    """A definition with one stream from Kafka to `portal_webhook`, its products, and the apps."""

    bootstrap: str
    topic: str
    products: Mapping[str, tuple[str, ...]]  # name to the event types offered
    apps: tuple[AppPlan, ...]
    mapping: str = MAPPING

    @property
    def group(self) -> str:
        """The stream's consumer group."""
        return f"sluice-{self.topic}"

    def recipients(self, event_type: str) -> Iterator[tuple[AppPlan, EndpointPlan]]:
        """Who must receive an event of the type; nobody else may."""
        for app in self.apps:
            offered = {name for product in app.products for name in self.products[product]}
            for endpoint in app.endpoints:
                chosen = endpoint.event_types or offered
                if event_type in offered and event_type in chosen:
                    yield app, endpoint

    def offered(self, event_type: str) -> bool:
        """Whether any product offers the type."""
        return any(event_type in types for types in self.products.values())

    def document(self) -> dict[str, Any]:
        """The definition: an OpenAPI document with the stream."""
        kafka = {"addresses": [self.bootstrap], "topics": [self.topic], "consumer_group": self.group}
        stream = {
            "input": {"kafka": kafka},
            "pipeline": {"processors": [{"mapping": self.mapping}]},
            "output": {"portal_webhook": {"event_type": '${! meta("event_type") }'}},
        }
        listen_path = {"value": f"/{self.topic}/", "strip": True}
        return {
            "openapi": "3.0.3",
            "info": {"title": self.topic, "version": "1"},
            "paths": {},
            "x-tyk-api-gateway": {
                "info": {"name": self.topic, "state": {"active": True}},
                "server": {"listenPath": listen_path},
                "upstream": {"url": ""},
            },
            "x-tyk-streaming": {"streams": {"events": stream}},
        }

    def dumped(self) -> str:
        """As JSON."""
        return json.dumps(dataclasses.asdict(self))


def loaded(text: str) -> EstatePlan:
    """The plan that was dumped."""
    raw = json.loads(text)
    return EstatePlan(
        bootstrap=raw["bootstrap"],
        topic=raw["topic"],
        products={name: tuple(types) for name, types in raw["products"].items()},
        apps=tuple(_app(app) for app in raw["apps"]),
        mapping=raw["mapping"],
    )


def _app(raw: dict[str, Any]) -> AppPlan:
    endpoints = [
        EndpointPlan(**{**one, "event_types": tuple(one["event_types"])}) for one in raw["endpoints"]
    ]
    return AppPlan(raw["name"], tuple(raw["products"]), tuple(endpoints), tuple(raw["requested"]))
