"""The delivery engine of a worker: lease, sign, send, decide, record. Read this file first.

A delivery comes to a worker in one of two ways: the publisher reserves room with `take` and writes the row under
this worker's epoch in the transaction that makes it (no second look-up), or the lease loop finds it due. From
then on this worker holds it: it is sent, what follows is decided by pure functions (`retry`, `health`), and the
outcomes of the last few milliseconds are written in one transaction.

What a crash does, by moment:
- held and not sent, being sent, or sent and not recorded: the row stays leased by an epoch that nobody touches any
  more; another worker frees it within seconds and it is sent (again) under the same `webhook-id`;
- recorded: nothing is left to do.

Everything runs on the worker's one event loop; nothing here is shared between threads.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final

import psycopg

from webhooks import queue
from webhooks.database import Pool
from webhooks.destinations import Destination, Destinations
from webhooks.endpoint_health import EndpointHealth
from webhooks.exchange import Exchange
from webhooks.lanes import Lanes
from webhooks.models import AttemptDecision, DeliveryState
from webhooks.publish import Held
from webhooks.queue import Outcome
from webhooks.retry import decide
from webhooks.sender import Request, Sender
from webhooks.signing import sign

logger = logging.getLogger(__name__)

CAPACITY: Final = 2048
"""Deliveries a worker holds at once: being sent, or sent and not yet recorded."""
FLUSH_SECONDS: Final = 0.05
"""How long outcomes wait to be written together: a transaction for each few of them costs more than they do."""
BEAT_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 0.5
"""How often the queue is looked at when nothing says that there is work."""
ROUND_SECONDS: Final = 0.01
"""The least pause between two looks, so that freed slots are filled several at a time."""
FULL_WAIT_SECONDS: Final = 0.1
"""How long a publisher is held back when the worker is full; after that its rows wait in the queue."""
STOP_SECONDS: Final = 20.0
"""How long a stop waits for what is being sent."""
LEAST_ROOM: Final = 128
"""Room worth a transaction of the publisher."""
LANES_PER_LOOK: Final = 256

_STATES: Final = {
    AttemptDecision.DELIVERED: DeliveryState.DELIVERED,
    AttemptDecision.RETRY: DeliveryState.RETRYING,
    AttemptDecision.EXHAUSTED: DeliveryState.EXHAUSTED,
    AttemptDecision.GONE: DeliveryState.EXHAUSTED,
}


class DeliveryEngine:
    """Holds and sends the deliveries of one worker process."""

    def __init__(self, pool: Pool, sender: Sender, destinations: Callable[[], Destinations]) -> None:
        self._pool = pool
        self._sender = sender
        self._destinations = destinations
        self._lanes = Lanes(destinations, CAPACITY)
        self._health = EndpointHealth(pool)
        self._outcomes: list[Outcome] = []
        self._returned: list[Held] = []
        self._held_ids: set[int] = set()
        self._unknown: set[int] | None = None
        self._finished = asyncio.Event()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._epoch = 0
        self._next_look = 0.0

    @property
    def epoch(self) -> int:
        """The lease this worker writes on rows it takes."""
        return self._epoch

    @property
    def held(self) -> int:
        """Deliveries held now."""
        return self._lanes.held

    async def start(self) -> None:
        """Register the worker and begin to look for work. Raises psycopg.Error when the database is away."""
        self._epoch = await queue.begin_epoch(self._pool)
        for loop in (self._beat, self._lease, self._record):
            self._loops.append(asyncio.create_task(_forever(loop)))

    async def stop(self) -> None:
        """Take nothing more, let what is being sent come to its end, record it, give the rest back."""
        self._lanes.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while self._lanes.held:
                    self._room.clear()
                    await self._room.wait()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with contextlib.suppress(psycopg.Error):  # the database is away: the leases end with the epoch
            await self._flush()
            await queue.end_epoch(self._pool, self._epoch)
        await self._sender.close()

    # --- what the publisher asks (webhooks.publish.Dispatcher) ---------------------------------------

    async def room(self, wanted: int) -> int:
        """Return how many new deliveries to make now, of `wanted`, waiting until a fair part of them fits.

        Work then comes no faster than it is done, and takes the short way. After FULL_WAIT_SECONDS a few are let
        in all the same, to wait in the queue: slow receivers must not keep others' events in Kafka.
        """
        enough = min(wanted, LEAST_ROOM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FULL_WAIT_SECONDS):
                while (free := CAPACITY - self._lanes.held - self._lanes.debt) < enough:
                    self._room.clear()
                    await self._room.wait()
                return min(wanted, free)
        return enough

    def take(self, lane_id: int) -> bool:
        """Reserve room for one more delivery of the lane; False when it is full, held back or has a backlog."""
        return self._lanes.take(lane_id)

    def give_back(self, lane_id: int) -> None:
        """Free a reservation that came to nothing."""
        self._lanes.drop(lane_id)

    def wake(self) -> None:
        """Rows were queued of lanes that are known to be behind."""
        self._work.set()

    def suspect(self) -> None:
        """A statement that leases rows failed, and may have been carried out all the same."""
        if self._unknown is None:
            self._unknown = set()

    def send(self, held: Held) -> None:
        """Sign and send one delivery that is leased in the database and has its room."""
        destination = self._destinations().get(held.lane_id)
        if destination is None:  # disabled since: the row goes back and waits there
            self._lanes.drop(held.lane_id)
            self._returned.append(held)
            self._finished.set()
            return
        signed_at = int(time.time())
        request, signature = _request(destination, held, signed_at)
        self._held_ids.add(held.delivery_id)
        self._sender.start(request, lambda exchange: self._finish(held, signed_at, signature, exchange))

    # --- what comes of a try -------------------------------------------------------------------------

    def _finish(self, held: Held, signed_at: int, signature: bytes, exchange: Exchange) -> None:
        if self._lanes.finish(held.lane_id, exchange):
            self._work.set()
        self._outcomes.append(_outcome(held, signed_at, signature, exchange))
        self._finished.set()

    async def _record(self) -> None:
        """Write what ended in the last moments; on failure keep it and let `_forever` try again."""
        await self._finished.wait()
        await asyncio.sleep(FLUSH_SECONDS)
        self._finished.clear()
        await self._flush()

    async def _flush(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        returned, self._returned = self._returned, []
        try:
            if returned:
                await queue.give_back(self._pool, returned)
                returned = []
            if outcomes:
                await queue.record(self._pool, outcomes)
        except BaseException:
            self._outcomes, self._returned = outcomes + self._outcomes, returned + self._returned
            self._finished.set()
            raise
        self._lanes.recorded(len(outcomes))
        self._room.set()
        self._held_ids.difference_update(outcome.held.delivery_id for outcome in outcomes)
        await self._note_health(outcomes)

    async def _note_health(self, outcomes: list[Outcome]) -> None:
        await self._health.note(outcomes, self._destinations())
        if self._lanes.changed_breakers:
            changed, self._lanes.changed_breakers = self._lanes.changed_breakers, set()
            await self._health.note_breakers({lane_id: self._lanes.breaker(lane_id) for lane_id in changed})

    # --- the queue ------------------------------------------------------------------------------------

    async def _lease(self) -> None:
        """Lease for lanes known to have rows when there is room; look at the whole queue every so often."""
        if time.monotonic() < self._next_look:
            await self._lease_rooms(self._lanes.rooms_behind())
        else:
            self._next_look = time.monotonic() + await self._look()
        await asyncio.sleep(ROUND_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self._next_look - time.monotonic(), 0.0)):
                await self._work.wait()
        self._work.clear()

    async def _look(self) -> float:
        """Go once over all lanes with free rows; returns seconds until the next look."""
        after, soonest = 0, IDLE_SECONDS
        while True:
            lanes = await queue.lanes_with_work(self._pool, after, LANES_PER_LOOK)
            await self._lease_rooms(self._lanes.rooms(lanes))
            soonest = min([soonest, *(lane.due_in for lane in lanes if lane.due_in > 0)])
            if len(lanes) < LANES_PER_LOOK:
                return soonest
            after = lanes[-1].lane_id

    def _look_now(self) -> None:
        self._next_look = 0.0
        self._work.set()

    async def _lease_rooms(self, rooms: list[tuple[int, int]]) -> None:
        """Take due rows of lanes whose room is reserved, free the room that found no row, send."""
        if not rooms:
            return
        leased: list[Held] = []
        try:
            leased = await queue.lease(self._pool, self._epoch, rooms)
        except psycopg.Error:
            self.suspect()
            raise
        finally:
            taken = Counter(held.lane_id for held in leased)
            for lane_id, room in rooms:
                self._lanes.leased(lane_id, taken[lane_id], room)
        for held in leased:
            self.send(held)

    async def _beat(self) -> None:
        """Say that this worker lives, and free what dead ones hold.

        Only a worker that has just reached the database itself looks for the dead: after an outage of the
        database every heartbeat is old, and each worker gets to renew its own before it is judged.
        """
        if not await queue.beat(self._pool, self._epoch):
            logger.warning("epoch %s was taken for dead; going on under a new one", self._epoch)
            self._epoch = await queue.begin_epoch(self._pool)  # rows of the old one are free or about to be
        await asyncio.sleep(BEAT_SECONDS)
        freed = await queue.take_over(self._pool)
        if freed:
            logger.warning("freed %s deliveries that a dead worker held", freed)
            self._look_now()
        if self._unknown is not None:
            await self._free_orphans(self._unknown)

    async def _free_orphans(self, unknown_before: set[int]) -> None:
        """Free rows leased under this epoch that this worker does not know of.

        They are of statements whose answer was lost with the connection. A row must be unknown at two beats: one
        that was committed a moment ago is about to be handed over.
        """
        unknown = await queue.leased_by(self._pool, self._epoch) - self._held_ids
        orphans = unknown & unknown_before
        if orphans:
            logger.warning("freed %s deliveries whose lease was written and never heard of", len(orphans))
            await queue.free(self._pool, self._epoch, orphans)
            self._look_now()
        self._unknown = unknown - orphans or None


def _request(destination: Destination, held: Held, signed_at: int) -> tuple[Request, bytes]:
    message_id, timestamp = b"msg_" + held.message_id.hex().encode(), b"%d" % signed_at
    signature = sign(destination.signers, message_id, timestamp, held.body)
    request = Request(
        target=destination.target,
        content_type=held.content_type.encode(),
        message_id=message_id,
        timestamp=timestamp,
        signature=signature,
        headers=destination.headers + held.headers,
        body=held.body,
    )
    return request, signature


def _outcome(held: Held, signed_at: int, signature: bytes, exchange: Exchange) -> Outcome:
    now = dt.datetime.now(dt.UTC)
    decision = decide(held.attempts + 1, exchange, now, random.random())  # noqa: S311 - jitter, no secret
    made = AttemptDecision(decision.outcome)
    return Outcome(
        held=held,
        state=_STATES[made],
        decision=made,
        retry_in=None if decision.at is None else (decision.at - now).total_seconds(),
        at=now - dt.timedelta(milliseconds=exchange.total_ms),
        signed_at=signed_at,
        signature=signature.decode(),
        exchange=exchange,
    )


async def _forever(step: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Repeat `step`, whatever happens: the database being away is said in a line, a fault of ours with its trace."""
    while True:
        try:
            await step()
        except (psycopg.Error, OSError) as error:
            logger.warning("%s: the database did not answer, trying again: %s", step.__name__, error)
            await asyncio.sleep(BEAT_SECONDS)
        except Exception:
            logger.exception("%s failed, trying again", step.__name__)
            await asyncio.sleep(BEAT_SECONDS)
