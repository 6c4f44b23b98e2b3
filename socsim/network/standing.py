"""The graph of a world and who stands where on it, control shuffles included, from the named streams of a replicate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from socsim.network.graphs import build_graph
from socsim.network.placement import place_people
from socsim.network.shuffling import permute_people, rewire
from socsim.population.persona import Persona
from socsim.scenario.people import NetworkSpec
from socsim.seeding import stream

__all__ = ["Shuffle", "stand"]

Shuffle = Literal["permute_people", "rewire"]


def stand(
    spec: NetworkSpec, shuffle: Shuffle | None, personas: Sequence[Persona], seed: int, folder: Path | None
) -> tuple[Any, NDArray[np.int64]]:
    """A graph with nodes 0 to n - 1, and the node on which each person stands.

    Args:
        spec: the network as declared.
        shuffle: what a control arm shuffles, if anything.
        personas: the people of the world.
        seed: root seed of the replicate; the graph, the placement and each shuffle have streams of their own.
        folder: the scenario's folder; the working directory where None.

    Raises:
        ScenarioError: the graph cannot be built, a target assortativity cannot be reached, or a shuffle would change nothing.
    """
    graph = build_graph(spec, len(personas), stream(seed, "network"), folder)
    node_of_agent = place_people(graph, personas, spec.place, stream(seed, "place"))
    if shuffle == "permute_people":
        node_of_agent = permute_people(node_of_agent, graph, stream(seed, "permute_people"))
    elif shuffle == "rewire":
        graph = rewire(graph, stream(seed, "rewire"))
    return graph, node_of_agent
