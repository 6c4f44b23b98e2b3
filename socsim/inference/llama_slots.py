"""Which prompt goes to which slot, so that what is computed once is not computed again.

A slot keeps the tokens of its last prompt. A prompt that begins alike goes to a slot that holds that beginning; what many
prompts begin with (a persona's system message, a prompt drawn several times) is also kept outside the slots and copied into
others. Knows nothing of what the prompts say. Used from one event loop.
"""

from __future__ import annotations

import asyncio
import itertools
from array import array
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from socsim.errors import InferenceError
from socsim.inference.llama_prompts import Prompt

__all__ = ["SlotPool", "StateHolder", "Visit"]

WORTH_KEEPING = 16
"""Shared tokens below which copying a state, or waiting for a slot, is not worth it."""
_SETTLING_S = 0.002
_PATIENCE = 32
"""A prompt is passed over at most so many times the number of slots."""


class StateHolder(Protocol):
    """Computes, saves and restores the states of slots; see `socsim.inference.llama_server.LlamaServer`. May block."""

    def prefill(self, slot: int, ids: list[int]) -> int: ...

    def save_state(self, slot: int, name: str) -> int: ...

    def restore_state(self, slot: int, name: str) -> None: ...

    def forget_state(self, name: str) -> None: ...


Key = bytes


@dataclass(eq=False, slots=True)
class Visit:
    """One prompt's stay on a slot. ``prefilled`` tokens were computed before the work began; ``gone``: nobody waits any more."""

    slot: int
    prefilled: int = 0
    gone: bool = False


Work = Callable[[Visit], Any]


@dataclass(eq=False, slots=True)
class _Job:
    """A prompt that waits or runs. ``keys`` name its beginnings, the longest first, with their number of tokens."""

    prompt: Prompt
    keys: tuple[tuple[Key, int], ...]
    work: Work
    done: asyncio.Future[Any]
    arrival: int
    visit: Visit = field(default_factory=lambda: Visit(-1))
    task: asyncio.Task[None] | None = None


@dataclass(eq=False, slots=True)
class _Slot:
    """A place of the engine and the beginnings it holds."""

    number: int
    keys: dict[Key, int] = field(default_factory=dict)
    busy: bool = False
    used: int = 0


class SlotPool:
    """Runs work on slots.

    Args:
        holder: computes, saves and restores states.
        slots: number of slots.
        budget: bytes that kept states may take; 0 keeps none.
    """

    def __init__(self, holder: StateHolder, slots: int, budget: int) -> None:
        self._holder = holder
        self._slots = [_Slot(number) for number in range(slots)]
        self._served = 0
        self._budget = budget
        self._states: OrderedDict[Key, tuple[str, int]] = OrderedDict()
        self._in_use: dict[str, int] = {}
        self._waiting: list[_Job] = []
        self._names = itertools.count()
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="socsim-slot")
        self._settling = False

    async def run(self, prompt: Prompt, work: Work) -> Any:
        """Do ``work`` on a slot and return its result.

        A caller that is cancelled is let go when its work has ended; the work is told so and may end early.

        Args:
            prompt: what the work begins with.
            work: called in a thread; does all calls of one request.
        """
        job = _Job(prompt, _beginnings(prompt), work, asyncio.get_running_loop().create_future(), self._served)
        self._waiting.append(job)
        self._settle()
        try:
            return await job.done
        except asyncio.CancelledError:
            job.visit.gone = True
            if job.task is not None:
                await asyncio.wait({job.task})
            raise
        finally:
            if job in self._waiting:
                self._waiting.remove(job)

    def close(self) -> None:
        """End the threads and drop kept states. Nothing may run or wait any more."""
        self._threads.shutdown()
        for name, _ in self._states.values():
            self._holder.forget_state(name)

    def _settle(self) -> None:
        """Dispatch in a moment: a slot that becomes free waits for the next prompt of the same agent."""
        if not self._settling:
            self._settling = True
            asyncio.get_running_loop().call_later(_SETTLING_S, self._dispatch)

    def _dispatch(self) -> None:
        self._settling = False
        while (chosen := self._choose()) is not None:
            job, slot = chosen
            self._waiting.remove(job)
            self._served += 1
            slot.busy, slot.used = True, self._served
            job.visit.slot = slot.number
            job.task = asyncio.get_running_loop().create_task(self._serve(job, slot))

    def _choose(self) -> tuple[_Job, _Slot] | None:
        """The next job and its slot: one that goes on from what a free slot holds, else the first that need not wait."""
        free = [slot for slot in self._slots if not slot.busy]
        if not free or not self._waiting:
            return None
        oldest = self._waiting[0]
        overdue = self._served - oldest.arrival > _PATIENCE * len(self._slots)
        best: tuple[int, _Job, _Slot] | None = None
        for job in self._waiting if not overdue else ():
            slot, length = _best(job, free)
            if length >= self._kept_of(job) + WORTH_KEEPING and (best is None or length > best[0]):
                best = (length, job, slot)
        if best is not None:
            return best[1], best[2]
        busy = [slot for slot in self._slots if slot.busy]
        for job in self._waiting:
            slot, length = _best(job, free)
            _, later = _best(job, busy) if busy else (slot, 0)
            if overdue or later < max(length, self._stored(job)[1]) + WORTH_KEEPING:
                return job, slot
        return None

    def _kept_of(self, job: _Job) -> int:
        return job.prompt.boundaries[job.prompt.kept - 1] if job.prompt.kept else 0

    def _stored(self, job: _Job) -> tuple[Key | None, int]:
        """The longest beginning of a job that is kept outside the slots."""
        return next(((key, length) for key, length in job.keys if key in self._states), (None, 0))

    async def _serve(self, job: _Job, slot: _Slot) -> None:
        held = next((length for key, length in job.keys if key in slot.keys), 0)
        stored, stored_length = self._stored(job)
        restore = self._states[stored][0] if stored is not None and stored_length >= held + WORTH_KEEPING else None
        held = max(held, stored_length if restore else 0)
        stops = [] if self._budget == 0 else self._to_keep(job, held)
        slot.keys = dict(job.keys)
        if stored is not None:
            self._states.move_to_end(stored)
        if restore is not None:
            self._in_use[restore] = self._in_use.get(restore, 0) + 1
        try:
            await self._prepare(job, slot, restore, stops)
            result = await self._in_thread(job.work, job.visit)
        except BaseException as error:
            slot.keys = {}
            if not job.done.done():
                job.done.set_exception(error)
        else:
            if not job.done.done():
                job.done.set_result(result)
        finally:
            slot.busy = False
            self._settle()

    async def _prepare(self, job: _Job, slot: _Slot, restore: str | None, stops: list[tuple[Key, int]]) -> None:
        """Bring the slot to the longest beginning that is kept, and keep further ones on the way."""
        if restore is not None:
            try:
                await self._in_thread(self._holder.restore_state, slot.number, restore)
            finally:
                self._release(restore)
        for key, length in stops:
            job.visit.prefilled += await self._in_thread(self._holder.prefill, slot.number, job.prompt.ids[:length])
            await self._keep(slot, key)
        if stops:
            self._settle()

    def _to_keep(self, job: _Job, held: int) -> list[tuple[Key, int]]:
        """Beginnings to keep before the work begins: the system message, and what waiting jobs share if slots are idle."""
        lengths = {length for key, length in job.keys if length == self._kept_of(job) and key not in self._states}
        if any(not slot.busy for slot in self._slots):
            others = {key for other in self._waiting for key, _ in other.keys}
            lengths |= {max((length for key, length in job.keys if key in others), default=0)}
        wanted = sorted(length for length in lengths if length >= held + WORTH_KEEPING)
        names = {length: key for key, length in job.keys}
        return [(names[length], length) for length in wanted]

    async def _keep(self, slot: _Slot, key: Key) -> None:
        name = f"{next(self._names)}.state"
        try:
            size = await self._in_thread(self._holder.save_state, slot.number, name)
        except InferenceError:
            self._budget = 0  # no room for states: go on without
            return
        self._states[key] = (name, size)
        while sum(kept for _, kept in self._states.values()) > self._budget:
            _, (old, _) = self._states.popitem(last=False)
            if old not in self._in_use:
                self._holder.forget_state(old)

    def _release(self, name: str) -> None:
        self._in_use[name] -= 1
        if self._in_use[name] == 0:
            del self._in_use[name]
            if all(name != known for known, _ in self._states.values()):
                self._holder.forget_state(name)

    async def _in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _beginnings(prompt: Prompt) -> tuple[tuple[Key, int], ...]:
    ids = array("q", prompt.ids)
    return tuple((ids[:end].tobytes(), end) for end in reversed(prompt.boundaries))


def _best(job: _Job, slots: list[_Slot]) -> tuple[_Slot, int]:
    """The slot that holds the longest beginning of a job; among equals the one not used for longest."""
    for key, length in job.keys:
        holding = [slot for slot in slots if key in slot.keys]
        if holding:
            return min(holding, key=lambda slot: slot.used), length
    return min(slots, key=lambda slot: slot.used), 0
