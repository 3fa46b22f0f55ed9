"""The `broker` input: several inputs as one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from streams.batching import batching_field, check_policy, held_back, holding_back, is_on
from streams.batching_input import with_batching
from streams.connecting import close_all, connect_all
from streams.errors import EndOfInput
from streams.inputs.called import check_mixed, check_not_called
from streams.processed import build_input
from streams.spec import (
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
    Shape,
)
from streams.stopping import end_tasks

MAX_COPIES: Final = 64
"""More copies of a child than this are a mistake."""


class Broker:
    """Reads all of its inputs at once; ends when all have ended."""

    def __init__(self, inputs: list[Input]) -> None:
        self._inputs = inputs
        self._batches: asyncio.Queue[Batch | Exception | None] = asyncio.Queue(maxsize=1)
        self._pumps: list[asyncio.Task[None]] = []
        self._running = 0

    async def connect(self) -> None:
        """Connect all inputs. Raises ConnectError when one cannot."""
        await connect_all(self._inputs)
        self._pumps = [asyncio.create_task(self._pump(source)) for source in self._inputs]
        self._running = len(self._pumps)

    async def read(self) -> Batch:
        """Return the next batch of any input. Raises EndOfInput, or an input's ConnectError."""
        while self._running:
            offered = await self._batches.get()
            if isinstance(offered, Batch):
                return offered
            self._running -= 1
            if offered is not None:
                raise offered
        raise EndOfInput

    async def close(self) -> None:
        """Stop reading and close all inputs."""
        await end_tasks(self._pumps)
        await close_all(self._inputs)

    async def _pump(self, source: Input) -> None:
        while True:
            try:
                offered: Batch | Exception | None = await source.read()
            except EndOfInput:
                offered = None
            except Exception as error:  # noqa: BLE001 - told to whoever reads
                offered = error
            await self._batches.put(offered)
            if not isinstance(offered, Batch):
                return


def _build(config: Config, context: BuildContext) -> Input:
    inside = holding_back(context, held_back(config["batching"]))
    children = config["copies"] * config["inputs"]
    broker = Broker([build_input(child, inside) for child in children])
    return with_batching(broker, config["batching"], context)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["inputs"]:
        yield Problem(("inputs",), "missing_field", "a broker needs at least one input")
    if not 1 <= config["copies"] <= MAX_COPIES:
        yield Problem(("copies",), "wrong_value", f"copies is between 1 and {MAX_COPIES}")
    yield from check_mixed(("inputs",), config["inputs"])
    yield from check_policy(("batching",), config["batching"])
    if is_on(config["batching"]):
        yield from check_not_called(("batching",), config["inputs"], "`batching`")


BROKER: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="broker",
    summary="Reads several inputs as one.",
    description="Processors beside a child run first, then those beside the broker.",
    fields=(
        Field("inputs", FieldType.INPUT, "The inputs to read.", shape=Shape.LIST),
        Field("copies", FieldType.INT, "How many of each.", default=1),
        batching_field(),
    ),
    examples=(
        {"inputs": [{"generate": {"mapping": 'root = "a"'}}, {"generate": {"mapping": 'root = "b"'}}]},
    ),
    build=_build,
    check=_check,
)
