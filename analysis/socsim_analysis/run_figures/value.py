"""What a figure of a run is: the figure, what it shows in words, and the tables behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

__all__ = ["RunFigure", "file_name"]


@dataclass(frozen=True)
class RunFigure:
    """A figure of a run with the tables it was drawn from."""

    name: str
    """Letters, digits and underscores: the name of its file, unique within the run."""
    kind: str
    """Which of `socsim_analysis.run_figures.FIGURES` it is."""
    title: str
    caption: str
    """What it shows, with n and units."""
    figure: go.Figure
    tables: Mapping[str, pd.DataFrame]
    """Tidy tables behind it, by the name of their files; the first is the one that is drawn."""


def file_name(*parts: str) -> str:
    """Words as the name of a file: letters, digits and underscores only, so that no text of a run can name another place.

    Example:
        >>> file_name("choices", "../Fewer services?")
        'choices_Fewer_services'
    """
    return "_".join(part for part in (re.sub(r"[^A-Za-z0-9]+", "_", one).strip("_") for one in parts) if part)[:80]
