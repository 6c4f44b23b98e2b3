"""Quantities of opinions and distributions: each states its formula, range, source and what it does with missing values."""

from socsim.measures.distances import jensen_shannon_distance, total_variation, wasserstein_1
from socsim.measures.networks import neighbour_correlation, neighbour_means
from socsim.measures.opinions import mean, mean_absolute_difference, mean_pairwise_difference, spread
from socsim.measures.options import shannon_entropy, shares

__all__ = [
    "jensen_shannon_distance",
    "mean",
    "mean_absolute_difference",
    "mean_pairwise_difference",
    "neighbour_correlation",
    "neighbour_means",
    "shannon_entropy",
    "shares",
    "spread",
    "total_variation",
    "wasserstein_1",
]
