"""Designs of studies: what their tidy tables look like, and their statistics, whether the rows are of people or of a run.

`STATISTICS` names every statistic, e.g. ``STATISTICS["crowds.mean_error_change"](table, arm="Decentralized")``; each gives a
value for every independent unit and the estimate as published. No verdicts, no page. Tables of people are read by
`socsim_analysis.designs.human_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from socsim_analysis.designs import (
    conformity,
    conventions,
    crowds,
    dictator,
    diffusion,
    echo_chamber,
    exposure,
    group_polarization,
    herding,
    market,
    money_request,
    obedience,
    public_goods,
    reinforcement,
    repeated_games,
    response_curve,
    ultimatum,
)
from socsim_analysis.designs.tables import Column, Table, TableError
from socsim_analysis.designs.units import Statistic, UnitValues

__all__ = ["STATISTICS", "Column", "Statistic", "Table", "TableError", "UnitValues", "find_statistic"]

STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        one.name: one
        for design in (
            crowds,
            conformity,
            dictator,
            ultimatum,
            repeated_games,
            public_goods,
            money_request,
            obedience,
            conventions,
            herding,
            response_curve,
            group_polarization,
            diffusion,
            reinforcement,
            echo_chamber,
            market,
            exposure,
        )
        for one in design.STATISTICS
    }
)
"""All statistics by name."""


def find_statistic(name: str) -> Statistic:
    """The statistic called ``name``, e.g. ``conformity.error_share``.

    Raises:
        KeyError: there is none of this name; the message lists those of its design, or all designs.
    """
    if name in STATISTICS:
        return STATISTICS[name]
    design = name.partition(".")[0]
    known = [one for one in STATISTICS if one.startswith(f"{design}.")] or sorted({one.design for one in STATISTICS.values()})
    raise KeyError(f"no statistic {name!r}; known are {', '.join(known)}")
