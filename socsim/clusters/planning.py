"""Planning a run on several machines: which worlds go together, and on which nodes engines stand. It knows no cluster library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from socsim.carrying import WorldKey, donor_of
from socsim.errors import ClusterError, Problem, ScenarioError
from socsim.scenario.engines import EmbeddedSpec, InferenceSpec, TransformersSpec, VllmSpec
from socsim.world import World

__all__ = ["Need", "Node", "OnRay", "bundles", "check_inference", "needs_of", "place_engines", "place_named"]

_IN_PLACE = ("scripted", "openai")
"""Engines that take nothing of a node: a rule, or a server somewhere else."""


@dataclass(frozen=True, slots=True)
class OnRay:
    """That a run is carried out on a Ray cluster, and how.

    Attributes:
        address: address of a Ray Client server, ``ray://HOST:10001``. Empty: the cluster that ``RAY_ADDRESS`` names, else the one
            that this machine belongs to, else one that is made of this machine alone.
        engines: replicas of the engine; None: one on every node that has room for it.
        engine_cpus: processors that one takes; None: by its settings, see `needs_of`.
        engine_gpus: GPUs that one takes; None likewise.
        world_cpus: processors that a world takes; fewer than 1 lets more worlds go on at once than there are processors.
    """

    address: str = ""
    engines: int | None = None
    engine_cpus: float | None = None
    engine_gpus: float | None = None
    world_cpus: float = 1.0


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster, and what it has."""

    name: str
    cpus: float
    gpus: float = 0.0
    address: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """What one engine takes of a node."""

    cpus: float
    gpus: float = 0.0


def place_named(on: str | OnRay, engines: int | None = None) -> OnRay:
    """Where ``on`` says that a run is carried out: ``ray``, or ``ray://HOST:PORT``.

    Raises:
        ClusterError: it says something else.

    Example:
        >>> place_named("ray://head:10001").address
        'ray://head:10001'
    """
    if isinstance(on, OnRay):
        return on
    if on != "ray" and not (on.startswith("ray://") and len(on) > len("ray://")):
        raise ClusterError(f"there is no place {on!r} to run on. Write ray, or ray://HOST:10001 for a Ray Client server")
    return OnRay("" if on == "ray" else on, engines=engines)


def check_inference(spec: InferenceSpec) -> None:
    """Refuse what needs the run's own record on the spot.

    Raises:
        ScenarioError: jobs of a provider's batch endpoint are wanted.
    """
    if spec.batch is not None:
        fix = "Leave `batch` out, or run on this machine"
        raise ScenarioError(Problem("jobs of a provider are not sent from a cluster", "inference.batch", fix=fix))


def needs_of(spec: InferenceSpec, on: OnRay, *, gpus: bool) -> Need | None:
    """What an engine takes of a node: ``embedded`` its ``threads`` in processors (1 where not given), ``vllm`` a processor and
    its ``tensor_parallel_size`` times ``data_parallel_size`` in GPUs, ``transformers`` a processor, and a GPU where there are
    some and its ``device`` is not ``cpu``; several models what they take together.

    Args:
        spec: the scenario's inference part.
        on: what the user says of it.
        gpus: whether the cluster has GPUs.

    Returns:
        None for engines that take nothing, unless a number of replicas is wanted: they stand at the door.
    """
    own: dict[str, Need] = {}
    for one in spec.models.values():
        if one.engine not in _IN_PLACE:
            own[one.model_copy(update={"adapter": None}).model_dump_json()] = _need(one, gpus=gpus)
    if not own and on.engines is None:
        return None
    cpus = sum(need.cpus for need in own.values()) or 1.0
    devices = sum(need.gpus for need in own.values())
    return Need(cpus if on.engine_cpus is None else on.engine_cpus, devices if on.engine_gpus is None else on.engine_gpus)


def _need(spec: InferenceSpec, *, gpus: bool) -> Need:
    if spec.engine == "embedded":
        return Need(float((spec.embedded or EmbeddedSpec()).threads or 1))
    if spec.engine == "vllm":
        served = spec.vllm or VllmSpec()
        return Need(1.0, float(served.tensor_parallel_size * served.data_parallel_size))
    return Need(1.0, float(gpus and (spec.transformers or TransformersSpec()).device != "cpu"))


def place_engines(nodes: Sequence[Node], need: Need, on: OnRay) -> list[str]:
    """The node of every replica: one on each that has room, or as many as are wanted, taking turns; room for a world stays.

    Raises:
        ClusterError: there is no room for them.

    Example:
        >>> place_engines([Node("a", 2), Node("b", 1), Node("c", 4)], Need(2), OnRay())
        ['a', 'c']
    """
    room = {node.name: _room(node, need) for node in nodes}
    most = max(room.values(), default=0) if on.engines is None else on.engines
    turns = [name for turn in range(min(most, 1) if on.engines is None else most) for name in room if room[name] > turn]
    chosen = turns if on.engines is None else turns[: on.engines]
    while on.engines is None and len(chosen) > 1 and not _leaves_room(nodes, need, chosen, on.world_cpus):
        chosen.pop()
    if not chosen or len(chosen) < (on.engines or 1) or not _leaves_room(nodes, need, chosen, on.world_cpus):
        there = (
            "; ".join(f"{node.address or node.name}: {node.cpus:g} processors, {node.gpus:g} GPUs" for node in nodes)
            or "no nodes"
        )
        raise ClusterError(
            f"{on.engines or 1} engines of {need.cpus:g} processors and {need.gpus:g} GPUs, beside a world of {on.world_cpus:g} "
            f"processors, do not fit into this cluster ({there}). Add nodes, or ask for fewer or smaller engines"
        )
    return chosen


def _room(node: Node, need: Need) -> int:
    """Engines that fit into a node."""
    shares = [math.floor(has / takes) for has, takes in ((node.cpus, need.cpus), (node.gpus, need.gpus)) if takes > 0]
    return min(shares, default=1)


def _leaves_room(nodes: Sequence[Node], need: Need, chosen: Sequence[str], world_cpus: float) -> bool:
    return any(node.cpus - need.cpus * chosen.count(node.name) >= world_cpus for node in nodes)


def bundles(worlds: Sequence[World]) -> list[tuple[WorldKey, ...]]:
    """The worlds that one task carries out together: each for itself, yoked ones with the world whose messages they show.

    Raises:
        ScenarioError: there is no other replicate for a yoked world.
    """
    found: dict[WorldKey, list[WorldKey]] = {}
    for world in worlds:
        if donor_of(world, worlds) is None:
            found[world.arm.name, world.replicate] = [(world.arm.name, world.replicate)]
    for world in worlds:
        donor = donor_of(world, worlds)
        if donor is not None:
            found[donor].append((world.arm.name, world.replicate))
    return [tuple(keys) for keys in found.values()]
