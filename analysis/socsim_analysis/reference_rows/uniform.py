"""The row of uniform answers: what a finding's number would be if everybody had answered by chance, all else as it was.

For every design whose answers are choices among options or numbers within bounds, the answers of the table are drawn anew,
with equal probability over the options or the range; who did not answer does not answer either, and the statistic is computed
as before:

- ``conformity``: any of the item's options; ``money_request``: 11 to 20; ``conventions``: any of the names, the committed
  excepted
- ``public_goods``, ``dictator``, ``ultimatum``: any amount from 0 to the endowment, whole where all amounts of the table are;
  an offer is accepted or not by the toss of a coin
- ``response_curve``, ``repeated_games``: the toss of a coin; ``market``: as many downloads as there were, each of any song
- ``crowds``: any number in the item's range, and what is shown is made of these
- ``group_polarization``: any option of the item, before and after

No row where an answer has no bounds, or where the table does not hold the answers themselves: for ``diffusion`` (when each
adopted, not how often it was asked), ``obedience`` (the same) and ``herding`` (scores, not votes; with votes by chance its
effects are 0 anyway).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.interactions import spec_of
from socsim.scenario.arms import patched
from socsim.scenario.options_conventions import ConventionsOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim.seeding import stream
from socsim_analysis.designs.money_request import LEAST, MOST
from socsim_analysis.frames import Snapshot, item_spec, item_values
from socsim_analysis.reference_rows.crowd_worlds import crowd_worlds, with_numbers

__all__ = ["DRAWN", "tables_by_chance"]

_MOST_DRAWS, _LEAST_DRAWS, _ROWS = 30, 10, 60_000
"""Sets of answers: as many as make so many rows, within these bounds."""

Draw = Callable[[np.random.Generator], pd.DataFrame]
Prepare = Callable[[Snapshot | None, pd.DataFrame], Draw | None]
"""From a run and its table, what draws one set; None where the answers are not bounded."""


def tables_by_chance(run: Snapshot | None, table: pd.DataFrame, design: str) -> list[pd.DataFrame]:
    """Sets of uniform answers, each a table like the one given; none where the design or the run does not bound its answers.

    Args:
        run: the run; None for a table of people.
        table: a table of the design with rows numbered from 0, all arms or those that are compared.
        design: its design.
    """
    draw = DRAWN[design](run, table) if design in DRAWN and not table.empty else None
    if draw is None:
        return []
    rng = stream(run.scenario.seed if run is not None else 0, "uniform answers", design)
    return [draw(rng) for _ in range(int(np.clip(_ROWS // len(table), _LEAST_DRAWS, _MOST_DRAWS)))]


def _instead(given: pd.Series, drawn: object) -> pd.Series:
    """What was drawn, where there was an answer."""
    return pd.Series(drawn, index=given.index, dtype=float).where(given.notna())


def _any_option(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    if run is None:
        return None
    options = {item: len(spec.options) for item in table["trial"].unique() if (spec := item_spec(run, item)) and spec.options}
    if set(options) != set(table["trial"].unique()):
        return None
    wrong = 1.0 - 1.0 / table["trial"].map(options).to_numpy(dtype=float)
    return lambda rng: table.assign(erred=_instead(table["erred"], rng.random(len(table)) < wrong))


def _any_request(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    del run
    return lambda rng: table.assign(request=_instead(table["request"], rng.integers(LEAST, MOST + 1, len(table))))


def _any_name(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    if "chosen" not in table:
        return None  # a table of groups does not hold the choices
    names = np.asarray(_names(run) or sorted({str(one) for one in table["chosen"].dropna()} - {""}), dtype=object)
    if not names.size:
        return None
    committed = table["committed"].astype(bool) if "committed" in table else pd.Series(data=False, index=table.index)
    kept = committed | table["chosen"].isna() | (table["chosen"] == "")

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        drawn = pd.Series(names[rng.integers(names.size, size=len(table))], index=table.index)
        return table.assign(chosen=table["chosen"].where(kept, drawn))

    return draw


def _names(run: Snapshot | None) -> tuple[str, ...]:
    """The names that are chosen from, where the game or its item says so."""
    if run is None:
        return ()
    for arm in run.scenario.arms:
        for _, phase, _ in phases(patched(run.scenario, arm)):
            options = options_of(spec_of(phase))
            if isinstance(options, ConventionsOptions):
                spec = item_spec(run, phase.ask[0]) if phase.ask else None
                return options.names or (spec.options if spec is not None else ())
    return ()


def _up_to_endowment(*columns: str) -> Prepare:
    """Amounts from 0 to the endowment, whole where all given amounts and endowments are."""

    def prepare(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
        del run
        if not set(columns) <= set(table) or table["endowment"].isna().any():
            return None
        most = table["endowment"].to_numpy(dtype=float)
        amounts = np.append(table[list(columns)].to_numpy(dtype=float).ravel(), most)
        whole = bool(np.all(np.floor(amounts) == amounts, where=~np.isnan(amounts)))

        def amount(rng: np.random.Generator) -> object:
            return rng.integers(0, most.astype(np.int64) + 1) if whole else rng.random(len(table)) * most

        return lambda rng: table.assign(**{column: _instead(table[column], amount(rng)) for column in columns})

    return prepare


def _ultimatum(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    how = _up_to_endowment("offer", "min_accept") if "min_accept" in table else _coin("accepted")
    return how(run, table)


def _coin(column: str) -> Prepare:
    def prepare(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
        del run
        if column not in table:
            return None
        return lambda rng: table.assign(**{column: _instead(table[column], rng.integers(0, 2, len(table)))})

    return prepare


def _any_song(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    del run
    worlds = list(table.reset_index(drop=True).groupby(["arm", "world"]).indices.values())
    downloads = table["downloads"].to_numpy(dtype=np.int64)

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        drawn = downloads.copy()
        for places in worlds:
            drawn[places] = rng.multinomial(int(downloads[places].sum()), np.full(len(places), 1.0 / len(places)))
        return table.assign(downloads=drawn)

    return draw


def _any_number(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    if run is None:
        return None
    ranges = {task: spec.range for task in table["task"].unique() if (spec := item_spec(run, task)) and spec.range is not None}
    if set(ranges) != set(table["task"].unique()):
        return None
    worlds = [one for arm in table["arm"].unique() for one in crowd_worlds(run, table, arm)]
    return lambda rng: with_numbers(table, worlds, [rng.uniform(*ranges[one.task], size=one.estimates.shape) for one in worlds])


def _any_opinion(run: Snapshot | None, table: pd.DataFrame) -> Draw | None:
    """Options of the items, on the scale from -1 to 1 on which the table has them; its groups are named with their item."""
    if run is None or "group" not in table:
        return None
    items = table["group"].astype(str).str.partition(", group ")[0]
    scales = {item: values for item in items.unique() if (values := item_values(run, item)) is not None}
    if set(scales) != set(items.unique()):
        return None
    points = {item: 2.0 * (np.asarray(v) - min(v)) / (max(v) - min(v)) - 1.0 for item, v in scales.items()}

    def opinion(rng: np.random.Generator) -> NDArray[np.float64]:
        drawn = np.empty(len(table))
        for item, scale in points.items():
            mine = (items == item).to_numpy()
            drawn[mine] = rng.choice(scale, size=int(mine.sum()))
        return drawn

    return lambda rng: table.assign(before=_instead(table["before"], opinion(rng)), after=_instead(table["after"], opinion(rng)))


DRAWN: Mapping[str, Prepare] = {
    "conformity": _any_option,
    "money_request": _any_request,
    "conventions": _any_name,
    "public_goods": _up_to_endowment("contribution"),
    "dictator": _up_to_endowment("given"),
    "ultimatum": _ultimatum,
    "response_curve": _coin("chose_a"),
    "repeated_games": _coin("cooperated"),
    "market": _any_song,
    "crowds": _any_number,
    "group_polarization": _any_opinion,
}
"""For every design with such a row, how answers are drawn."""
