"""Shapes of cascades: how large, how deep, and how far from a broadcast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim.measures import cascades
from socsim_analysis.designs.tables import TableError
from socsim_analysis.figures.style import arm_colours, dashes, label, styled, symbols
from socsim_analysis.figures.tables import ADOPTERS

__all__ = ["cascade_figure", "cascade_table"]


def cascade_table(frame: pd.DataFrame) -> pd.DataFrame:
    """All cascades: columns ``arm, replicate, thing, root, size, depth, breadth, structural_virality``.

    See `socsim.measures.cascades`. Structural virality is missing for somebody whom nobody has it from.

    Args:
        frame: a table like `ADOPTERS`.

    Raises:
        TableError: the table is not like `ADOPTERS`, or a parent is none of the adopters of the same world and thing.
    """
    made = []
    for (arm, replicate, thing), rows in ADOPTERS.check(frame).groupby(["arm", "replicate", "thing"], sort=False):
        people = [str(one) for one in rows["adopter"]]
        place = {person: number for number, person in enumerate(people)}
        parents = [str(parent) for parent in rows["parent"]]
        strange = sorted({parent for parent in parents if parent and parent not in place})
        if strange:
            raise TableError(f"column 'parent' names {strange[0]!r}, who is no adopter of {thing!r} in {arm!r}, {replicate}")
        for tree in cascades([place[parent] if parent else -1 for parent in parents]):
            shape = (tree.size, tree.depth, tree.breadth, tree.structural_virality)
            made.append((arm, replicate, thing, people[tree.root], *shape))
    names = ["arm", "replicate", "thing", "root", "size", "depth", "breadth", "structural_virality"]
    return pd.DataFrame(made, columns=names)


def cascade_figure(frame: pd.DataFrame, *, colours: Mapping[str, str] | None = None) -> go.Figure:
    """Three panels: the share of cascades of at least each size; depth by size; structural virality by size.

    Structural virality is 2 - 2/n for a broadcast (dotted line) and (n + 1)/3 for a chain (Goel et al. 2016). Points
    grow with the number of cascades in one place.

    Args:
        frame: a table like `ADOPTERS`.
        colours: of the arms; the usual ones where not given.

    Raises:
        TableError: see `cascade_table`.
    """
    rows = cascade_table(frame)
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    chosen, shapes, lines = colours or arm_colours(arms), symbols(arms), dashes(arms)
    titles = ["cascades of at least this size", "depth by size", "structural virality by size"]
    figure = make_subplots(rows=1, cols=3, subplot_titles=titles, horizontal_spacing=0.09)
    for number, arm in enumerate(arms):
        ours = rows[rows["arm"] == arm]
        line = {"color": chosen[arm], "width": 2, "dash": lines[arm], "shape": "hv"}
        marker = {"size": max(6, 13 - 3 * number), "color": chosen[arm], "symbol": shapes[arm]}
        sizes, shares = _at_least(ours["size"].to_numpy(dtype=int))
        figure.add_scatter(
            x=sizes, y=shares, mode="lines+markers", line=line, marker=marker, legendgroup=label(arm),
            name=f"{label(arm)} (n = {len(ours):,} cascades)", hovertemplate="%{x} or more: %{y:.1f} %<extra></extra>",
            row=1, col=1,
        )  # fmt: skip
        for column, name in ((2, "depth"), (3, "structural_virality")):
            figure.add_trace(_places(ours, name, arm, chosen[arm], shapes[arm]), row=1, col=column)
    _broadcast(figure, int(rows["size"].max()) if len(rows) else 1)
    figure.update_xaxes(title_text="size (people or shares)", rangemode="tozero", dtick=_step(rows["size"].max()))
    figure.update_yaxes(title_text="share of cascades (%)", range=[0, 104], row=1, col=1)
    figure.update_yaxes(
        title_text="depth (ties from the root)", rangemode="tozero", dtick=_step(rows["depth"].max()), row=1, col=2
    )
    figure.update_yaxes(title_text="mean distance (ties)", rangemode="tozero", row=1, col=3)
    return styled(figure, 380, margin={"l": 60, "r": 16, "t": 92, "b": 52}, legend={"y": 1.16})


def _step(largest: float) -> int:
    """Between two labels of an axis of whole numbers."""
    return max(1, round(float(largest) / 6)) if largest == largest else 1


def _at_least(sizes: np.ndarray) -> tuple[list[int], list[float]]:
    values = np.unique(sizes)
    return values.tolist(), [100.0 * float((sizes >= value).mean()) for value in values]


def _places(rows: pd.DataFrame, name: str, arm: str, colour: str, symbol: str) -> go.Scatter:
    known = rows.dropna(subset=[name])
    counts = known.groupby(["size", name]).size().rename("n").reset_index()
    return go.Scatter(
        x=counts["size"].tolist(),
        y=counts[name].astype(float).tolist(),
        mode="markers",
        marker={
            "size": (6.0 + 4.0 * np.sqrt(counts["n"].to_numpy(dtype=float))).clip(max=26.0).tolist(),
            "color": colour,
            "symbol": symbol,
            "opacity": 0.75,
            "line": {"color": "white", "width": 1},
        },
        customdata=counts["n"].tolist(),
        legendgroup=label(arm),
        showlegend=False,
        hovertemplate=f"{label(arm)}: size %{{x}}, %{{y:.2f}} (%{{customdata}} cascades)<extra></extra>",
    )


def _broadcast(figure: go.Figure, largest: int) -> None:
    if largest < 3:
        return
    sizes = np.unique(np.linspace(2, largest, min(largest - 1, 60)).round())
    line = {"color": "#9aa0aa", "width": 1.5, "dash": "dot"}
    figure.add_scatter(
        x=sizes.tolist(), y=(2.0 - 2.0 / sizes).tolist(), mode="lines", line=line, name="broadcast", hoverinfo="skip",
        row=1, col=3,
    )  # fmt: skip
