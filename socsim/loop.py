"""One event loop in a thread of its own, for a whole run.

Simulation code is synchronous (Mesa's ``step`` must be); everything that waits for a model runs in this loop. So a plain
script, a notebook with a running loop and Mesa's visualisation all work alike.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["LoopThread", "wake_on_interrupt"]

T = TypeVar("T")


def wake_on_interrupt() -> None:
    """Let Ctrl-C end the waits of the main thread, whatever other libraries did to the signal.

    Importing polars, for one, sets a handler after which the kernel resumes an interrupted wait (``SA_RESTART``), so that
    Python's own handler would not run before the wait ended by itself: for a step of a run, minutes later. This puts back
    what Python does at its start; the other library's handler stays.
    """
    if hasattr(signal, "siginterrupt") and threading.current_thread() is threading.main_thread():
        signal.siginterrupt(signal.SIGINT, True)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (everywhere but on Windows): it takes about a tenth less time for each call."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class LoopThread:
    """A running event loop that other threads hand coroutines to. Use as a context manager or call `close`."""

    def __init__(self, name: str = "socsim-loop") -> None:
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    @property
    def is_open(self) -> bool:
        """Whether coroutines can still be run."""
        return not self._loop.is_closed()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin a coroutine in the loop; the future belongs to the calling thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def soon(self, call: Callable[[], None]) -> None:
        """Call something in the loop, between other things; does nothing once the loop is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for it; an interrupt of the waiting thread cancels it."""
        future = self.start(work)
        wake_on_interrupt()
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what still runs, stop the loop and end the thread. Safe to call twice."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self.cancel_all()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def cancel_all(self) -> None:
        """Cancel what runs now and wait until it has ended; whoever waits for it gets a `CancelledError`.

        Of two callers at once, such as after an impatient second interrupt, the later one cancels the earlier one's waiting, too.
        """
        with suppress(CancelledError):
            asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()

    @staticmethod
    async def _cancel_all() -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __enter__(self) -> LoopThread:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
