"""Ray: connecting to a cluster, starting engines and the door as actors, and worlds as tasks. The only module that knows Ray.

The process that was started by the user keeps the run folder: it writes down every call soon after it was answered, and the
rows of each world when that has ended. Nodes share nothing with it but what Ray carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from socsim.agent import SocialAgent
from socsim.carrying import ProgressMeter, WorldKey
from socsim.clusters.door import Door, HeardClient, News
from socsim.clusters.engines import EngineHost, pool_of
from socsim.clusters.planning import Need, Node, OnRay, bundles, check_inference, needs_of, place_engines
from socsim.clusters.worlds import Carried, Job, carry_out_bundle, packed, version
from socsim.errors import ClusterError, RunStopped
from socsim.inference.factory import make_engine
from socsim.inference.types import Engine
from socsim.loop import wake_on_interrupt
from socsim.model import AnswersStopped, Execution, Sink
from socsim.scenario import Scenario
from socsim.session import Session
from socsim.staging import count_turns
from socsim.world import World

__all__ = ["FINISHED", "RayCluster", "on_ray", "ray_library"]

FINISHED = "finished_worlds"
"""Fact of a record: worlds that ended on a cluster, as JSON; who goes on with the run there does not carry them out again."""
_MOST_LOSSES = 8
"""Times that a world is begun again on another node before it counts as what takes nodes down."""
_EVERY_S = 0.5
_CLOSING_S = 5.0
_AT_ONCE = 100_000
_CALLS = 1_000
"""Calls told to the door in one message."""


def ray_library() -> Any:
    """The library.

    Raises:
        ClusterError: it is not installed.
    """
    try:
        import ray
        import ray.exceptions
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise ClusterError("Ray is not installed here. Install the extra on all nodes: pip install 'socsim-llm[ray]'") from error
    return ray


@contextmanager
def on_ray(on: OnRay, scenario: Scenario, folder: Path | None, engine: Engine | None) -> Iterator[RayCluster]:
    """A Ray cluster with the engines that a run needs, for as long as the run takes.

    Args:
        on: which cluster, and how it is used.
        scenario: the whole scenario, resolved.
        folder: folder of the scenario, for models and adapters beside it; the same on all nodes that have engines.
        engine: a scripted engine to use instead, of which every replica is a copy.

    Raises:
        ClusterError: there is no Ray, no cluster, no room for the engines, or they differ.
    """
    check_inference(scenario.inference)
    if engine is not None and engine.identity.engine != "scripted":
        raise ClusterError(
            "an engine that was made here cannot go to other machines. Name it in the scenario's inference instead"
        )
    ray = ray_library()
    beside = folder.resolve() if folder is not None else None
    make = partial(make_engine, scenario.inference, beside) if engine is None else partial(_given, engine)
    with _connected(ray, on.address), _translated(ray):
        nodes = _nodes(ray)
        need = needs_of(scenario.inference, on, gpus=any(node.gpus for node in nodes))
        if need is None:
            ready = make()
            try:
                yield RayCluster(ray, on, scenario, ready, make, nodes)
            finally:
                if engine is None:
                    ready.close()
            return
        with _hosts(ray, on, nodes, need, make) as hosts:
            introductions = ray.get([host.introduce.remote() for host in hosts.values()])
            pool = pool_of(hosts, introductions, partial(_lost, ray))
            yield RayCluster(ray, on, scenario, pool, partial(_given, pool), nodes, len(hosts))


@contextmanager
def _hosts(ray: Any, on: OnRay, nodes: Sequence[Node], need: Need, make: Callable[[], Engine]) -> Iterator[dict[str, Any]]:
    """Actors with an engine each, by where they stand. One that is lost with its node is started again where there is room."""
    addresses = {node.name: node.address for node in nodes}
    hosts: dict[str, Any] = {}
    try:
        for number, name in enumerate(place_engines(nodes, need, on), start=1):
            near = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(name, soft=True)
            actor = ray.remote(EngineHost).options(
                num_cpus=need.cpus, num_gpus=need.gpus, max_restarts=-1, max_concurrency=_AT_ONCE, scheduling_strategy=near
            )
            hosts[f"{addresses[name]}, number {number}"] = actor.remote(make)
        yield hosts
    finally:
        _end(ray, hosts.values())


def _given(engine: Engine) -> Engine:
    return engine


def _lost(ray: Any, error: BaseException) -> bool:
    """Whether an error says that an actor is gone, or that its node is."""
    return isinstance(error, ray.exceptions.RayActorError | ray.exceptions.ObjectLostError)


@dataclass
class RayCluster:
    """A cluster that is ready to carry out worlds.

    Attributes:
        engine: who answers.
        facts: what the manifest says of it.
    """

    ray: Any
    on: OnRay
    scenario: Scenario
    engine: Engine
    behind_door: Callable[[], Engine]
    nodes: Sequence[Node]
    engines: int = 0
    _told: dict[int, int] = field(default_factory=dict)
    _written: int = 0
    """Calls that the door has told and that are written down; it tells the others again."""

    @property
    def facts(self) -> dict[str, Any]:
        """The entry of a manifest."""
        return {"cluster": {"kind": "ray", "version": self.ray.__version__, "nodes": len(self.nodes), "engines": self.engines}}

    def carry_out(
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
    ) -> None:
        """Carry out all worlds that have not ended yet; like `socsim.carrying.carry_out`, which see."""
        ended = {tuple(key) for key in orjson.loads(session.store.meta(FINISHED, "[]"))}
        todo = {number: keys for number, keys in enumerate(bundles(worlds)) if not ended.issuperset(keys)}
        for world in worlds:
            if (world.arm.name, world.replicate) in ended:
                meter.advance(len(world.steps) - 1, count_turns(world))
        with _translated(self.ray), self._door(session, meter) as door:
            assert folder is not None
            job = Job(
                version=version(),
                spec=self.scenario,
                manner=worlds[0].wording.manner,
                inputs=packed(folder),
                identity=self.engine.identity,
                able=self.engine.capabilities(),
                parallel=session.client.parallel,
                customs=worlds[0].customs,
                agent_class=agent_class,
                execution=execution,
                checked=checked,
            )
            self._carry_out(job, todo, door, session, sink, meter)

    def _carry_out(
        self,
        job: Job,
        todo: Mapping[int, Sequence[WorldKey]],
        door: Any,
        session: Session,
        sink: Sink,
        meter: ProgressMeter,
    ) -> None:
        task = self.ray.remote(carry_out_bundle).options(
            num_cpus=self.on.world_cpus, max_retries=_MOST_LOSSES, scheduling_strategy="SPREAD"
        )
        shared = self.ray.put(job)
        running = {task.remote(shared, keys, number, door): keys for number, keys in todo.items()}
        capped = ""
        wake_on_interrupt()
        try:
            while running:
                self.ray.wait(list(running), timeout=_EVERY_S)
                done, _ = self.ray.wait(list(running), num_returns=len(running), timeout=0)
                self._hear(door, session, meter)  # so that no row is there without its calls
                for ref in done:
                    carried: Carried = self.ray.get(ref)
                    self._take(carried, running.pop(ref), session, sink)
                    capped = carried.reason if carried.end == "cap" else capped
        finally:
            for ref in running:
                self.ray.cancel(ref, force=True)
        if capped:
            raise RunStopped(capped)

    def _take(self, carried: Carried, keys: Sequence[WorldKey], session: Session, sink: Sink) -> None:
        """The rows of worlds that have ended become rows of the run."""
        for rows in carried.rows:
            sink(rows)
        session.clock.end(carried.critical_path_s)
        if carried.end == "answers":
            raise AnswersStopped(carried.reason)
        if carried.end == "finished":
            ended = orjson.loads(session.store.meta(FINISHED, "[]"))
            session.store.set_meta(FINISHED, orjson.dumps([*ended, *keys]).decode())

    @contextmanager
    def _door(self, session: Session, meter: ProgressMeter) -> Iterator[Any]:
        """The door, which has learnt what the run's record has, and what that may take from another one."""
        ray = self.ray
        self._written, self._told = 0, {}
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        door = (
            ray.remote(Door)
            .options(num_cpus=0, max_concurrency=_AT_ONCE, scheduling_strategy=here)
            .remote(self.behind_door, self.scenario.inference)
        )
        try:
            for name, store in (("run", session.store), ("cache", session.store.cache)):
                known = store.whole_calls() if store is not None else iter(())
                while calls := list(islice(known, _CALLS)):
                    ray.get(door.learn.remote(calls, name))
            session.client = HeardClient(session.engine, session.store, ray.get(door.open.remote(session.elapsed_s)))
            session.clock.begin()
            try:
                yield door
            finally:
                with suppress(ray.exceptions.RayError):  # what was answered while worlds were being ended is kept, too
                    ray.get(door.drain.remote())
                    self._hear(door, session, meter)
        finally:
            _end(ray, [door])

    def _hear(self, door: Any, session: Session, meter: ProgressMeter) -> None:
        """Write down what has happened at the door."""
        news: News = self.ray.get(door.news.remote(self._written))
        for call in news.calls:
            session.store.put_pending(call)
        self._written = news.until
        assert isinstance(session.client, HeardClient)
        session.client.heard = news.stats
        for bundle, (events, step) in news.progress.items():
            meter.advance(step, max(0, events - self._told.get(bundle, 0)))
            self._told[bundle] = max(events, self._told.get(bundle, 0))


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """A connection to the cluster; one that is there already is used and stays."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address or None, log_to_driver=False, logging_level="error", include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise ClusterError(f"there is no Ray cluster at {address or 'hand'}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _nodes(ray: Any) -> list[Node]:
    """The machines that are there."""
    return [
        Node(one["NodeID"], one["Resources"].get("CPU", 0.0), one["Resources"].get("GPU", 0.0), one["NodeManagerAddress"])
        for one in ray.nodes()
        if one["Alive"]
    ]


@contextmanager
def _translated(ray: Any) -> Iterator[None]:
    """What went wrong in a task or an actor as what it was there; what Ray itself could not do as a `ClusterError`."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        while isinstance(cause, ray.exceptions.RayTaskError):
            cause = cause.cause
        if isinstance(cause, ray.exceptions.RayError):
            raise ClusterError(_words(cause)) from error
        raise cause from error
    except ray.exceptions.RayError as error:
        raise ClusterError(_words(error)) from error


def _words(error: BaseException) -> str:
    """The last line of what Ray says, which is the error itself where it has been somewhere else."""
    said = str(error).strip().splitlines() or [""]
    return f"the cluster could not go on ({type(error).__name__}): {said[-1].strip()} Everything that was answered is kept"


def _end(ray: Any, actors: Iterable[Any]) -> None:
    """Let actors close what they have, then end them; those that are lost are not waited for long."""
    actors = list(actors)
    if not actors:
        return
    with suppress(ray.exceptions.RayError):
        ray.wait([actor.close.remote() for actor in actors], num_returns=len(actors), timeout=_CLOSING_S)
    for actor in actors:
        ray.kill(actor)
