"""An input whose messages are put together to batches."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

from streams.acknowledging import SharedAcknowledgement, acknowledge_all
from streams.batching import Gathering, Policy, is_on, make_policy
from streams.message import Message
from streams.regrouping import RegroupedInput
from streams.spec import Batch, BuildContext, Config, Input
from streams.stages import Stage, build_stages, run_stages


@dataclass(slots=True)
class _Lane:
    """What is gathered of one kind: of one partition, or of everything."""

    gathering: Gathering
    flushed: float
    shares: list[SharedAcknowledgement] = field(default_factory=list)
    due: float | None = None
    """When it is a batch whatever it holds; None: nothing waits, or for ever."""
    replay: bool = True


class BatchedInput(RegroupedInput):
    """Reads ahead until there is a batch.

    Processors beside inputs inside run first, as the policy looks at what they made.
    """

    def __init__(self, reading: Input, policy: Policy, stages: tuple[Stage, ...]) -> None:
        super().__init__(reading)
        self._policy = policy
        self._stages = stages
        self._lanes: dict[Hashable, _Lane] = {}

    async def _regroup(self) -> None:
        try:
            while True:
                batch = await self._arrived(self._wait())
                await (self._flush_due() if batch is None else self._take(batch))
        except Exception:
            for lane in self._lanes.values():
                await self._flush(lane)
            raise

    def _wait(self) -> float | None:
        """Seconds until something is due; None: nothing is."""
        dues = [lane.due for lane in self._lanes.values() if lane.due is not None]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    async def _flush_due(self) -> None:
        now = time.monotonic()
        for lane in self._lanes.values():
            if lane.due is not None and lane.due <= now:
                await self._flush(lane)

    async def _take(self, batch: Batch) -> None:
        messages = batch.messages
        if batch.before:
            messages = await run_stages(batch.before, messages, grouped=batch.grouped)
        parts = [messages] if batch.grouped else [[message] for message in messages]
        parts = [part for part in parts if part]
        if not parts:
            await batch.acknowledge(None)
            return
        receipt = SharedAcknowledgement(batch.acknowledge, len(parts))
        for part in parts:
            await self._gather(self._lane(batch), part, receipt, replay=batch.replay)

    async def _gather(
        self, lane: _Lane, part: list[Message], receipt: SharedAcknowledgement, *, replay: bool
    ) -> None:
        lane.shares.append(receipt)
        lane.replay = lane.replay and replay
        if lane.gathering.add(part):
            await self._flush(lane)
        elif lane.due is None:
            lane.due = self._policy.due(lane.flushed, time.monotonic())

    def _lane(self, batch: Batch) -> _Lane:
        lane = self._lanes.get(batch.lane)
        if lane is None:
            lane = self._lanes[batch.lane] = _Lane(Gathering(self._policy), time.monotonic())
        return lane

    async def _flush(self, lane: _Lane) -> None:
        messages, shares, replay = lane.gathering.take(), lane.shares, lane.replay
        lane.shares, lane.due, lane.replay, lane.flushed = [], None, True, time.monotonic()
        if not messages:
            return
        if self._stages:
            messages = await run_stages(self._stages, messages, grouped=True)
        acknowledge = acknowledge_all(shares)
        if messages:
            await self._offer(Batch(messages, acknowledge, grouped=True, replay=replay))
        else:
            await acknowledge(None)


def with_batching(reading: Input, config: Config, context: BuildContext) -> Input:
    """The input, or where `config` (a batching policy) asks for batches, one that makes them of it."""
    if not is_on(config):
        return reading
    return BatchedInput(reading, make_policy(config, context), build_stages(config["processors"], context))
