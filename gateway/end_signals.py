"""What is done when a process is told to end, before its server does what it does then."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def before_the_end(drain: Callable[[], object], stop: Callable[[], Awaitable[None]]) -> None:
    """Have `drain` called when the process is told to end: servers wait for open connections, and some cut them off.

    stop: awaited before the server hears of the signal. Whoever does not want to wait sends the signal again. Only a
    process's main thread may take signals; in any other nothing happens. Call it on the running event loop, after the
    server has set its own handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        handler = _Handler(signal.getsignal(number), asyncio.get_running_loop(), drain, stop)
        signal.signal(number, handler)


class _Handler:
    """Handles one signal, and then lets the former handler."""

    def __init__(
        self,
        former: Any,
        loop: asyncio.AbstractEventLoop,
        drain: Callable[[], object],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._former = former
        self._loop = loop
        self._drain = drain
        self._stop = stop
        self._stopping: asyncio.Task[None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._drain)
        if self._stopping is not None:
            self._pass_on(number, frame)
        else:
            self._loop.call_soon_threadsafe(self._begin_to_stop, number)

    def _begin_to_stop(self, number: int) -> None:
        if self._stopping is None:
            self._stopping = self._loop.create_task(self._stop_first(number))

    async def _stop_first(self, number: int) -> None:
        try:
            await self._stop()
        finally:
            self._pass_on(number, None)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        if callable(self._former):
            self._former(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
