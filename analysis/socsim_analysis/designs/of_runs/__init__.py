"""Tables of designs of runs: the same columns as tables of people, so that the same statistics are computed from both.

A world is one replicate of an arm. What a run does not hold gives no table: `table_of` returns None, and says in `MADE_FROM` what
a run needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from socsim_analysis.designs.of_runs import (
    conformity,
    crowds,
    diffusion,
    echo_chamber,
    exposure,
    games,
    influence,
    market,
    reinforcement,
)
from socsim_analysis.frames import RunLike

__all__ = ["MADE_FROM", "table_of"]

_READERS: Mapping[str, Callable[[RunLike], pd.DataFrame | None]] = {
    "crowds": crowds.estimates,
    "conformity": conformity.answers,
    "conventions": games.choices,
    "public_goods": games.contributions,
    "money_request": games.requests,
    "diffusion": diffusion.adoptions,
    "response_curve": influence.seen_choices,
    "herding": influence.scores,
    "group_polarization": influence.opinion_pairs,
    "market": market.downloads,
    "exposure": exposure.changes,
    "reinforcement": reinforcement.decisions,
    "echo_chamber": echo_chamber.followers,
}

MADE_FROM: Mapping[str, str] = {
    "crowds": "number items with a `truth`, asked in two rounds or more",
    "conformity": "items that say which option is `right`, answered by confederates and by others",
    "conventions": "an interaction of the kind conventions",
    "public_goods": "a game of public goods",
    "money_request": "an item with the options 11 to 20",
    "diffusion": "an interaction of the kind adoption",
    "response_curve": "items with two options, answered by people who saw which of them others chose",
    "herding": "an interaction of the kind votes with `seed_by_lot`",
    "group_polarization": "ordinal items asked before and after people read one another",
    "market": "an interaction of the kind votes",
    "exposure": "items asked before an interaction of the kind exposure, and in it or after it",
    "reinforcement": "an interaction of the kind adoption",
    "echo_chamber": "an interaction of the kind feed with a `group`, and a fact or reference variable `leaning` with numbers",
}
"""For every design that runs give a table of, what a run needs."""


def table_of(run: RunLike, design: str) -> pd.DataFrame | None:
    """The table of a design; None where the run does not hold it, or no run of this version does."""
    reader = _READERS.get(design)
    if reader is None or run.responses.empty:
        return None
    made = reader(run)
    return None if made is None else made.reset_index(drop=True)
