"""What a gateway process says of itself at `/metrics`, for Prometheus."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4.encode()
_COUNTERS: Final = {
    "messages": ("sluice_gateway_messages", "Messages taken in or handed over.", ""),
    "bytes": ("sluice_gateway_message_bytes", "Bytes of those messages.", ""),
    "counts_lost": ("sluice_gateway_counts_lost", "Counts that no longer fitted into memory.", ""),
    "opened": ("sluice_gateway_streams_opened", "Streams that clients opened.", ""),
    "open_seconds": ("sluice_gateway_stream_seconds", "Seconds that closed streams had been open.", ""),
    "requests": ("sluice_gateway_requests", "Requests and handshakes by outcome.", "outcome"),
    "error": ("sluice_gateway_errors", "What went wrong for callers, by kind.", "kind"),
    "closed": ("sluice_gateway_streams_closed", "Streams that ended, by reason.", "reason"),
}
"""By the first part of a measure: name, text, and what the rest of it says."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value of this moment."""

    name: str
    text: str
    value: float


class _Now(Collector):
    def __init__(self, totals: Mapping[str, int], gauges: Iterable[Gauge]) -> None:
        self._totals = totals
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        for stem, (name, text, label) in _COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=[label] if label else None)
            for measure in sorted(self._totals):
                found, _, value = measure.partition(".")
                if found == stem:
                    family.add_metric([value] if label else [], self._totals[measure])
            yield family
        for gauge in self._gauges:
            yield GaugeMetricFamily(gauge.name, gauge.text, value=gauge.value)


def exposition(totals: Mapping[str, int], gauges: Iterable[Gauge]) -> bytes:
    """The text; totals: `gateway.analytics.Analytics.totals`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(totals, gauges))
    return generate_latest(registry)
