"""`metric`: counts and measures messages under a name of the author's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.message import Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Shape
from streams.statistics import Statistics


class Metric:
    """Adds to one of the stream's own metrics, or sets it."""

    def __init__(
        self,
        statistics: Statistics,
        kind: str,
        name: str,
        labels: Mapping[str, Interpolation],
        value: Interpolation,
    ) -> None:
        """kind: counter, counter_by, gauge or timing."""
        self._statistics = statistics
        self._kind = kind
        self._name = name
        self._labels = labels
        self._value = value

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages without a number where one is needed are flagged."""
        return [[self._measured(messages, index) for index in range(len(messages))]]

    def _measured(self, messages: list[Message], index: int) -> Message:
        try:
            labels = {name: text.resolve(messages, index) for name, text in self._labels.items()}
            amount = 1.0 if self._kind == "counter" else float(self._value.resolve(messages, index))
        except MappingError as error:
            return flagged(messages[index], error.text)
        except ValueError as error:
            return flagged(messages[index], f"the value of metric {self._name!r} is no number: {error}")
        if self._kind == "counter_by" and amount < 0:
            return flagged(messages[index], f"counter {self._name!r} cannot be lowered by {amount}")
        self._statistics.measure(self._name, labels, amount, adding=self._kind.startswith("counter"))
        return messages[index]


def _build(config: Config, context: BuildContext) -> Metric:
    return Metric(
        context.service(Statistics),
        config["type"],
        config["name"],
        {name: bloblang.interpolate(text) for name, text in config["labels"].items()},
        bloblang.interpolate(config["value"]),
    )


METRIC: Final = ComponentSpec(
    Kind.PROCESSOR,
    "metric",
    "Counts or measures messages under a name of its own in the statistics of the stream.",
    _build,
    fields=(
        Field(
            "type",
            FieldType.STRING,
            "Whether it counts messages, adds their value, or keeps the newest.",
            options=("counter", "counter_by", "gauge", "timing"),
        ),
        Field("name", FieldType.STRING, "Its name."),
        Field(
            "labels",
            FieldType.STRING,
            "Texts that tell its series apart.",
            default={},
            shape=Shape.MAP,
            interpolated=True,
        ),
        Field("value", FieldType.STRING, "The number; `counter` takes none.", default="", interpolated=True),
    ),
    examples=(
        {"type": "counter", "name": "orders", "labels": {"country": "${! this.country }"}},
        {"type": "gauge", "name": "load", "value": "${! this.load }"},
    ),
    per_message=True,
    dry_run=DryRun.RUN,
)
