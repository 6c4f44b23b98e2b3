"""Communities of a network: groups of people who are tied to each other more than to others."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from socsim.seeding import stream

__all__ = ["communities"]


def communities(tied_to: Sequence[Sequence[int]], seed: int) -> tuple[int, ...]:
    """The community of every agent, numbered in the order of their first members.

    Modularity is raised by the method of Louvain (Blondel et al. 2008, Journal of Statistical Mechanics P10008), in which the
    order of the nodes is drawn from the seed; directions of ties do not count.

    Args:
        tied_to: whom every agent reads.
        seed: of the replicate.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(tied_to)))
    graph.add_edges_from((reader, author) for reader, authors in enumerate(tied_to) for author in authors)
    drawn = int(stream(seed, "communities").integers(2**31))
    found = [0] * len(tied_to)
    groups = sorted(map(sorted, nx.community.louvain_communities(graph, seed=drawn)))
    for number, group in enumerate(groups):
        for agent in group:
            found[agent] = number
    return tuple(found)
