"""Carrying out the worlds of a run: in parallel, in an order that respects yoked arms, with progress and interruption.

It knows worlds and models; it does not know files, manifests or engines.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from socsim.agent import SocialAgent
from socsim.errors import ScenarioError
from socsim.events import ProgressSnapshot, RunProgress
from socsim.loop import LoopThread, wake_on_interrupt
from socsim.model import AnswersStopped, Execution, Sink, SocialModel
from socsim.prompts import one_line
from socsim.scenario.sweeping import point_of
from socsim.seeding import uniform
from socsim.session import Session
from socsim.staging import count_turns
from socsim.view import Donor
from socsim.world import World

__all__ = ["Carrier", "Interrupted", "ProgressMeter", "WorldKey", "carry_out", "donor_of"]

WorldKey = tuple[str, int]
_MAX_THREADS = 32
_DEAF_S = 5.0
_FEWEST_AT_ONCE = 128
_ACTING_PER_CALL = 2
"""People who act at once for each call that may be in flight: enough to choose among, and few enough that the first calls are on
their way before everybody has been told what it sees."""
_THRESHOLDS = (100_000, 50, 100)
"""Objects that are made before the collector of garbage looks at the youngest, and rounds before it looks at older ones."""
_OBJECTS_PER_PERSON = 128
"""Objects that turns of one person leave until their steps have ended, in as many steps as are open among many people."""


class Interrupted(Exception):
    """A world was asked to stop between two steps, because another one could not go on."""


class Carrier(Protocol):
    """Whatever carries out worlds: `carry_out`, or a cluster."""

    def __call__(
        self,
        worlds: Sequence[World],
        session: Session,
        sink: Sink,
        meter: ProgressMeter,
        *,
        agent_class: type[SocialAgent] = SocialAgent,
        folder: Path | None = None,
        execution: Execution = "dependencies",
        checked: bool = False,
    ) -> object: ...


class ProgressMeter:
    """Counts finished events and tells whoever watches, at most four times a second."""

    def __init__(self, worlds: Sequence[World], session: Session, progress: RunProgress | None) -> None:
        self._total = sum(count_turns(world) for world in worlds)
        self._steps = max((len(world.steps) for world in worlds), default=0)
        self._session = session
        self._progress = progress
        self._lock = threading.Lock()
        self._done = 0
        self._step = 0
        self._begun = time.monotonic()
        self._told = 0.0

    def begin(self, title: str) -> None:
        """Announce the run."""
        if self._progress is not None:
            self._progress.start(title, self._total)

    def advance(self, step: int, events: int) -> None:
        """``events`` more have finished, at ``step``."""
        with self._lock:
            self._done += events
            self._step = max(self._step, step)
            now = time.monotonic()
            if self._progress is not None and now - self._told > 0.25:
                self._told = now
                self._progress.update(self.snapshot())

    def snapshot(self) -> ProgressSnapshot:
        """How far the run is."""
        stats = self._session.client.stats
        return ProgressSnapshot(
            events_done=self._done,
            events_total=self._total,
            step=self._step,
            steps_total=self._steps,
            calls=stats.calls,
            replayed=stats.replayed,
            failures=stats.failures,
            prompt_tokens=stats.prompt_tokens,
            cached_tokens=stats.cached_tokens,
            completion_tokens=stats.completion_tokens,
            elapsed_s=time.monotonic() - self._begun,
            in_flight=stats.in_flight,
            queued=stats.queued,
            retries=stats.retries,
        )

    def note(self, message: str) -> None:
        """Say something once."""
        if self._progress is not None:
            self._progress.note(message)

    def finish(self) -> None:
        """Announce the end."""
        if self._progress is not None:
            self._progress.finish(self.snapshot())


def carry_out(
    worlds: Sequence[World],
    session: Session,
    sink: Sink,
    meter: ProgressMeter,
    *,
    agent_class: type[SocialAgent] = SocialAgent,
    folder: Path | None = None,
    ends: Mapping[WorldKey, int] | None = None,
    execution: Execution = "dependencies",
    checked: bool = False,
) -> dict[WorldKey, SocialModel]:
    """Step every world to its end, or to the step that ``ends`` gives for it.

    Worlds run side by side and fill each other's idle slots; results do not depend on it. Yoked worlds start when the
    worlds whose messages they show have ended.

    Returns:
        The models by (arm, replicate).

    Raises:
        KeyboardInterrupt: the user stopped the run; everything acknowledged is in the record.
    """
    models = {
        (world.arm.name, world.replicate): SocialModel(world, session.client, session.loop, sink, agent_class, checked=checked)
        for world in worlds
    }
    first = [key for key, model in models.items() if model.world.arm.control != "yoked"]
    last = [key for key in models if key not in set(first)]
    for model in models.values():
        model.replaying = session.engine is None
        model.at_once = max(_FEWEST_AT_ONCE, _ACTING_PER_CALL * session.client.parallel)
        model.clock = session.clock
        model.keeps_all = bool(last)
    if execution == "dependencies" and session.engine is not None and not all(model.declared for model in models.values()):
        meter.note(f"{agent_class.__name__} does not say what it looks at, so people act step by step (see SocialAgent.act)")
    ends = ends or {}
    with _collecting_rarely(sum(len(world.personas) for world in worlds)):
        _together({key: models[key] for key in first}, ends, session.loop, meter, execution)
        for key in last:
            models[key].donor = _donor(models[key], models, folder)
        _together({key: models[key] for key in last}, ends, session.loop, meter, execution)
    return models


@contextmanager
def _collecting_rarely(people: int) -> Iterator[None]:
    """Look for cyclic garbage more rarely while worlds go on: they make many objects that stay until their step has ended, and
    next to no cycles, so that looking for these would take a third of the time of a call. Garbage never takes more room than
    what a step needs itself."""
    before, (youngest, *older) = gc.get_threshold(), _THRESHOLDS
    gc.freeze()
    wanted = (max(youngest, _OBJECTS_PER_PERSON * people), *older)
    gc.set_threshold(*(max(pair) for pair in zip(before, wanted, strict=True)))
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _together(
    models: Mapping[WorldKey, SocialModel],
    ends: Mapping[WorldKey, int],
    loop: LoopThread,
    meter: ProgressMeter,
    execution: Execution,
) -> None:
    if not models:
        return
    stop = threading.Event()

    def run(key: WorldKey) -> None:
        model = models[key]
        at_once = model.replaying and execution == "sequential"

        def step_finished(model: SocialModel, step: int) -> None:
            meter.advance(step, model.stages.count(step) if at_once else model.stages.passed(step))
            if stop.is_set():
                raise Interrupted

        model.on_acted = lambda: meter.advance(model.steps_done, 1)
        model.observers.append(step_finished)
        model.run(execution, until=ends.get(key))

    if len(models) == 1 or all(model.replaying for model in models.values()):
        for key, model in models.items():
            with suppress(AnswersStopped) if model.replaying else nullcontext():
                run(key)
        return
    pool = ThreadPoolExecutor(min(len(models), _MAX_THREADS), thread_name_prefix="socsim-world")
    futures = [pool.submit(run, key) for key in models]
    wake_on_interrupt()
    try:
        wait(futures, return_when=FIRST_EXCEPTION)
        stop.set()
        wait(futures)
    except BaseException:
        stop.set()
        _cut_off(futures, loop)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    errors = [error for error in (future.exception() for future in futures) if error is not None]
    real = [error for error in errors if not isinstance(error, Interrupted)]
    if real:
        raise real[0]


def _cut_off(futures: Sequence[Future[None]], loop: LoopThread) -> None:
    """End the steps that the worlds are in, whatever they wait for; a step may begin just as others are cancelled.

    It takes a moment, and a second Ctrl-C in this moment is not heard: the worlds' threads would else be left waiting.
    """
    left, deaf_until = True, time.monotonic() + _DEAF_S
    while left:
        try:
            loop.cancel_all()
            left = bool(wait(futures, timeout=0.1).not_done)
        except KeyboardInterrupt:
            if time.monotonic() > deaf_until:
                raise


def donor_of(world: World, worlds: Iterable[World]) -> WorldKey | None:
    """The world whose messages a yoked world shows; None for a world that is not yoked, or shows lines of a file.

    Raises:
        ScenarioError: there is no other replicate to show.
    """
    if world.arm.control != "yoked" or "messages" in (world.arm.yoke or {}):
        return None
    point, own_arm = point_of(world.arm), world.arm.name
    writing = [(one.arm.name, one.replicate) for one in worlds if one.arm.control is None and point_of(one.arm) == point]
    sources = sorted(r for arm, r in writing if arm != own_arm and r != world.replicate)
    if not sources:
        raise ScenarioError(f"arms.{own_arm}: yoked to another replicate, but there is none. Set replicates to 2 or more")
    source = next((r for r in sources if r > world.replicate), sources[0])
    return next(arm for arm, r in writing if r == source), source


def _donor(model: SocialModel, models: Mapping[WorldKey, SocialModel], folder: Path | None) -> Donor:
    """Where a yoked world's shown messages come from."""
    shown = donor_of(model.world, (one.world for one in models.values()))
    if shown is None:
        lines = _lines((folder or Path()) / (model.world.arm.yoke or {})["messages"])
        return lambda author, step, own: None if own is None else _as_long(model.seed, lines, author, step, own)
    state = models[shown].state
    return lambda author, step, _: state.message(author, step)


def _lines(path: Path) -> list[str]:
    lines = [one_line(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def _as_long(seed: int, lines: Sequence[str], author: int, step: int, text: str) -> str:
    """A line on another topic, as near in number of words as there is."""
    words = len(text.split())
    return min(lines, key=lambda line: (abs(len(line.split()) - words), uniform(seed, "yoke", author, step, line)))
