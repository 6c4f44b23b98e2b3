"""Figures: one function for each, from a tidy table to a plotly figure, and the look that all share. Knows nothing of runs.

Colours are those of Okabe & Ito (told apart by colour-blind readers); shapes, dashes and hatchings say the same in grey. What the
tables must look like says `socsim_analysis.figures.tables`.
"""

from socsim_analysis.figures.cascades import cascade_figure, cascade_table
from socsim_analysis.figures.convergence import convergence_figure, convergence_table
from socsim_analysis.figures.densities import density_figure
from socsim_analysis.figures.distributions import choice_figure, choice_histogram, error_figure, error_histogram
from socsim_analysis.figures.forests import effect_figure, forest_figure
from socsim_analysis.figures.networks import network_figure
from socsim_analysis.figures.response_curves import fit_table, response_curve_figure, response_table
from socsim_analysis.figures.style import (
    GREY,
    INK,
    OPINION_COLOURS,
    SHARE_COLOURS,
    arm_colours,
    arm_panels,
    clear_colour,
    dashes,
    embedded_figure,
    label,
    labels,
    script_json,
    styled,
    symbols,
)
from socsim_analysis.figures.trajectories import MOST_LINES, trajectory_figure

__all__ = [
    "GREY",
    "INK",
    "MOST_LINES",
    "OPINION_COLOURS",
    "SHARE_COLOURS",
    "arm_colours",
    "arm_panels",
    "cascade_figure",
    "cascade_table",
    "choice_figure",
    "choice_histogram",
    "clear_colour",
    "convergence_figure",
    "convergence_table",
    "dashes",
    "density_figure",
    "effect_figure",
    "embedded_figure",
    "error_figure",
    "error_histogram",
    "fit_table",
    "forest_figure",
    "label",
    "labels",
    "network_figure",
    "response_curve_figure",
    "response_table",
    "script_json",
    "styled",
    "symbols",
    "trajectory_figure",
]
