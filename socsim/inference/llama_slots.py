"""Which prompt goes to which slot, so that what is computed once is not computed again.

A slot keeps the tokens of its last prompt. A prompt that begins alike goes to a slot that holds that beginning; what many
prompts begin with (a persona's system message, a prompt drawn several times) is also kept outside the slots and copied into
others. Knows nothing of what the prompts say. Used from one event loop.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from socsim.errors import InferenceError
from socsim.inference.llama_kept import KeptStates, Key
from socsim.inference.token_prompts import Prompt

__all__ = ["SETTLING_S", "SlotPool", "StateHolder", "Visit"]

WORTH_KEEPING = 16
"""Shared tokens below which copying a state, or waiting for a slot, is not worth it."""
SETTLING_S = 0.05
"""How long a free slot waits for the next prompt of the same agent; small against what it saves, a beginning of any length."""
_PATIENCE = 32
"""A prompt is passed over at most so many times the number of slots."""


class StateHolder(Protocol):
    """Computes, saves and restores the states of slots; see `socsim.inference.llama_server.LlamaServer`. May block."""

    def prefill(self, slot: int, ids: list[int], gone: Callable[[], bool]) -> int: ...

    def save_state(self, slot: int, name: str) -> int: ...

    def restore_state(self, slot: int, name: str) -> None: ...

    def forget_state(self, name: str) -> None: ...


@dataclass(eq=False, slots=True)
class Visit:
    """One prompt's stay on a slot. ``prefilled`` tokens were computed before the work began; ``gone``: nobody waits any more."""

    slot: int
    prefilled: int = 0
    gone: bool = False

    def is_gone(self) -> bool:
        """Whether nobody waits any more."""
        return self.gone


Work = Callable[[Visit], Any]


@dataclass(eq=False, slots=True)
class _Job:
    """A prompt that waits or runs. ``keys`` name its beginnings, the longest first, with their number of tokens; the one with
    ``kept`` tokens is likely to come again."""

    ids: list[int]
    keys: tuple[tuple[Key, int], ...]
    kept: int
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
        self._kept = KeptStates(budget, holder.forget_state)
        self._waiting: list[_Job] = []
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="socsim-slot")
        self._settling = False

    async def run(self, prompt: Prompt, work: Work) -> Any:
        """Do ``work`` on a slot and return its result.

        A caller that is cancelled is let go when its work has ended; the work is told so and may end early.

        Args:
            prompt: what the work begins with.
            work: called in a thread; does all calls of one request.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_no_longer_forgotten)
        kept = prompt.boundaries[prompt.kept - 1] if prompt.kept else 0
        job = _Job(prompt.ids, _beginnings(prompt), kept, work, done, self._served)
        self._waiting.append(job)
        self._settle()
        try:
            return await done
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
        self._kept.close()

    def _settle(self) -> None:
        """Dispatch in a moment: a slot that becomes free waits for the next prompt of the same agent."""
        if not self._settling:
            self._settling = True
            asyncio.get_running_loop().call_later(SETTLING_S, self._dispatch)

    def _dispatch(self) -> None:
        self._settling = False
        while (chosen := self._choose()) is not None:
            job, slot = chosen
            self._waiting.remove(job)
            self._served += 1
            slot.busy, slot.used = True, self._served
            job.visit.slot = slot.number
            held = next((length for key, length in job.keys if key in slot.keys), 0)
            slot.keys = dict(job.keys)  # now, so that the next one to be chosen sees what this slot is going to hold
            job.task = asyncio.get_running_loop().create_task(self._serve(job, slot, held))

    def _choose(self) -> tuple[_Job, _Slot] | None:
        """The next job and its slot: one that goes on from what a free slot holds, else the first that need not wait.

        Where nobody is chosen although a slot is free, all wait for what a busy slot holds, and are looked at when it is done.
        """
        free = [slot for slot in self._slots if not slot.busy]
        if not free or not self._waiting:
            return None
        oldest = self._waiting[0]
        if self._served - oldest.arrival > _PATIENCE * len(self._slots):
            return oldest, _best(oldest, free)[0]
        return self._going_on(free) or self._need_not_wait(free)

    def _going_on(self, free: list[_Slot]) -> tuple[_Job, _Slot] | None:
        """The job of whose own beginning a free slot holds most."""
        best: tuple[int, _Job, _Slot] | None = None
        for job in self._waiting:
            slot, length = _best(job, free)
            if length >= job.kept + WORTH_KEEPING and (best is None or length > best[0]):
                best = (length, job, slot)
        return best and (best[1], best[2])

    def _need_not_wait(self, free: list[_Slot]) -> tuple[_Job, _Slot] | None:
        """The first job of whose beginning no busy slot holds much more than is to be had now."""
        busy = [slot for slot in self._slots if slot.busy]
        for job in self._waiting:
            slot, length = _best(job, free)
            later = _best(job, busy)[1] if busy else 0
            # What cannot be kept would make all who share it follow each other on one slot: only for much of a prompt.
            worth = WORTH_KEEPING if self._kept.takes(later) else max(WORTH_KEEPING, len(job.ids) // 2)
            if later < max(length, self._kept.longest(job.keys)[1]) + worth:
                return job, slot
        return None

    async def _serve(self, job: _Job, slot: _Slot, held: int) -> None:
        try:
            await self._prepare(job, slot, held)
            result = await self._in_thread(job, job.work, job.visit)
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

    async def _prepare(self, job: _Job, slot: _Slot, held: int) -> None:
        """Bring the slot from what it holds to the longest beginning that is kept, and keep further ones on the way."""
        held = await self._restore(job, slot, held)
        for key, length in self._to_keep(job, held):
            beginning = job.ids[:length]
            job.visit.prefilled += await self._in_thread(job, self._holder.prefill, slot.number, beginning, job.visit.is_gone)
            await self._keep(job, slot, key, length)
            self._settle()

    async def _restore(self, job: _Job, slot: _Slot, held: int) -> int:
        """Copy what is kept of a job's beginning into its slot, if it is more than the slot holds. Returns what it holds then."""
        key, length = self._kept.longest(job.keys)
        if key is None:
            return held
        self._kept.touch(key)
        if length < held + WORTH_KEEPING:
            return held
        name, sound = self._kept.borrow(key), True
        try:
            await self._in_thread(job, self._holder.restore_state, slot.number, name)
        except InferenceError:
            sound = False
        finally:
            self._kept.give_back(name, sound=sound)
        return length if sound else 0

    def _to_keep(self, job: _Job, held: int) -> list[tuple[Key, int]]:
        """Beginnings to keep before the work begins: the system message, and what waiting jobs share if slots are idle."""
        wanted = {job.kept} if job.kept >= held + WORTH_KEEPING else set()
        if any(not slot.busy for slot in self._slots):
            others = {key for other in self._waiting for key, _ in other.keys}
            shared = max((length for key, length in job.keys if key in others), default=0)
            if shared >= self._kept.longest(job.keys)[1] + WORTH_KEEPING:
                wanted.add(shared)
        return [(key, length) for key, length in reversed(job.keys) if length in wanted and self._kept.wants(key, length)]

    async def _keep(self, job: _Job, slot: _Slot, key: Key, length: int) -> None:
        name = self._kept.new_name()
        try:
            size = await self._in_thread(job, self._holder.save_state, slot.number, name)
        except InferenceError:
            self._kept.give_up(name)  # no room for states: go on without
        except BaseException:
            self._holder.forget_state(name)
            raise
        else:
            self._kept.add(key, length, name, size)

    async def _in_thread(self, job: _Job, call: Callable[..., Any], *arguments: Any) -> Any:
        """The result of a call that blocks. A slot is never left while a thread still works on it."""
        if job.visit.gone:
            raise asyncio.CancelledError
        running = asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)
        running.add_done_callback(_no_longer_forgotten)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            job.visit.gone = True
            await asyncio.wait({running})
            raise


def _no_longer_forgotten(call: asyncio.Future[Any]) -> None:
    """Take notice of an error that comes when nobody waits any more, so that it is not reported."""
    if not call.cancelled():
        call.exception()


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
