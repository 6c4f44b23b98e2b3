"""Real networks that come with networkx, as networks of people.

``davis_southern_women`` is shipped as women and events; here it is its 18 women, tied where they attended an event
together, with the number of such events as weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx

__all__ = ["SHIPPED"]


def _davis() -> Any:
    both = nx.davis_southern_women_graph()
    return nx.bipartite.weighted_projected_graph(both, both.graph["top"])


SHIPPED: Mapping[str, Callable[[], Any]] = {
    "karate_club": nx.karate_club_graph,
    "les_miserables": nx.les_miserables_graph,
    "davis_southern_women": _davis,
    "florentine_families": nx.florentine_families_graph,
}
"""Karate club: Zachary 1977 (34 people, 78 ties). Les Misérables: Knuth 1993 (77, 254). Davis: Davis, Gardner and
Gardner 1941 (18, 139). Florentine families: Breiger and Pattison 1986 (15, 20)."""
