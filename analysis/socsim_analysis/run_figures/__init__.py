"""Every figure that a run can fill, each with its tidy tables: one place for the page, for files and for other programs.

What a run must hold for each says `FIGURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from socsim_analysis.frames import RunLike, Snapshot, snapshot
from socsim_analysis.run_figures import behaviour, estimates, opinions
from socsim_analysis.run_figures.opinions import too_large
from socsim_analysis.run_figures.value import RunFigure, file_name

__all__ = ["FIGURES", "RunFigure", "figures_of", "file_name", "run_figures", "too_large"]

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "trajectories": "an item with numeric answers at two steps or more",
        "networks": "ties, and an item with numeric answers (up to 600 people and 6,000 ties)",
        "densities": "ties, and an item with numeric answers",
        "convergence": "an item with numeric answers at two steps or more, on which people differ at first",
        "response_curves": "decisions to adopt, or an item of two options asked after others' answers to it were seen",
        "cascades": "something that is adopted, or posts that are shared",
        "choices": "a finding about choices that the scenario names, or money requests and a table of people",
        "errors": "items that say which option is right, after confederates; or number items with a truth, asked twice",
        "effects": "a randomised condition, and an item with numeric answers",
        "contrasts": "two arms, and an item with numeric answers at two steps or more",
        "findings": "a finding about people that the scenario names and the run holds",
    }
)
"""Kinds of figures, in order, and what a run needs for each."""

_OF_ITEMS: Mapping[str, Callable[[Snapshot, Sequence[str] | None], Iterator[RunFigure]]] = {
    "trajectories": opinions.trajectories,
    "networks": opinions.networks,
    "densities": opinions.densities,
    "convergence": opinions.convergences,
}
_OTHERS: Mapping[str, Callable[[Snapshot], Iterator[RunFigure]]] = {
    "response_curves": behaviour.response_curves,
    "cascades": behaviour.cascade_shapes,
    "effects": estimates.effects,
    "contrasts": estimates.contrasts,
    "findings": estimates.findings,
}
_BESIDE_PEOPLE: Mapping[str, Callable[[Snapshot, pd.DataFrame | None], Iterator[RunFigure]]] = {
    "choices": behaviour.choices,
    "errors": behaviour.errors,
}


def figures_of(
    run: RunLike, kind: str, people: pd.DataFrame | None = None, *, items: Sequence[str] | None = None
) -> tuple[RunFigure, ...]:
    """The figures of one kind; none where the run does not hold what it needs.

    Args:
        run: the run.
        kind: one of `FIGURES`.
        people: see `run_figures`.
        items: which items get figures of opinions; all with numeric answers where not given.

    Raises:
        KeyError: there is no such kind.
    """
    whole = snapshot(run)
    if kind in _BESIDE_PEOPLE:
        return tuple(_BESIDE_PEOPLE[kind](whole, people))
    return tuple(_OF_ITEMS[kind](whole, items) if kind in _OF_ITEMS else _OTHERS[kind](whole))


def run_figures(run: RunLike, people: pd.DataFrame | None = None) -> tuple[RunFigure, ...]:
    """All figures that a run holds, in the order of `FIGURES`; each has a name of its own.

    Args:
        run: the run.
        people: a tidy table of people in the columns of the run's design, whose histograms stand beside those of the run.
    """
    whole = snapshot(run)
    made: dict[str, RunFigure] = {}
    for kind in FIGURES:
        for found in figures_of(whole, kind, people):
            name, number = found.name, 2
            while name in made:
                name, number = f"{found.name}_{number}", number + 1
            made[name] = found if name == found.name else _renamed(found, name)
    return tuple(made.values())


def _renamed(found: RunFigure, name: str) -> RunFigure:
    tables = {table.replace(found.name, name, 1): frame for table, frame in found.tables.items()}
    return RunFigure(name, found.kind, found.title, found.caption, found.figure, tables)
