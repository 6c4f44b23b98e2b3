"""Quantities of opinions, choices, ties, texts and spread: each states its formula, range, source and where it is missing.

Those who are measured may be few, alike or silent: what is not defined is NaN, or a stated problem, and never a
default. What cannot be meant (a negative count, ends of ties that do not exist) raises ValueError.
"""

from socsim.measures.chambers import LeaningDensity, leaning_density
from socsim.measures.clusters import (
    cluster_count,
    cluster_labels,
    consensus_share,
    effective_number,
    fragmentation,
    time_to_consensus,
)
from socsim.measures.controversy import random_walk_controversy
from socsim.measures.diffusion import (
    Cascade,
    ExposureHazard,
    cascade_breadth,
    cascade_depth,
    cascade_size,
    cascades,
    exposure_hazard,
    structural_virality,
)
from socsim.measures.distances import jensen_shannon_distance, total_variation, wasserstein_1
from socsim.measures.groups import group_codes
from socsim.measures.inequality import gini, top_share, unpredictabilities, unpredictability
from socsim.measures.influence import (
    ConformitySlope,
    OthersWeight,
    conformity_slope,
    convergence_ratio,
    drift,
    weight_on_others,
)
from socsim.measures.language import ContentContagion, content_contagion, distinct_n, mean_embedding_distance, ngrams
from socsim.measures.modality import Bimodality, DipTest, bimodality, dip, dip_test
from socsim.measures.networks import neighbour_correlation, neighbour_means
from socsim.measures.opinions import mean, mean_absolute_difference, mean_pairwise_difference, spread
from socsim.measures.options import shannon_entropy, shares
from socsim.measures.polarization import (
    agreement,
    esteban_ray,
    group_consensus,
    group_divergence,
    size_parity,
    variance,
)
from socsim.measures.response_curves import ResponseCurve, fit_response_curve, response_probability
from socsim.measures.rules import History, Rule, RuleComparison, compare_rules, fit_rule, history_rows
from socsim.measures.segregation import (
    cross_cutting_exposure,
    cross_cutting_shares,
    external_internal_index,
    modularity,
    nominal_assortativity,
)

__all__ = [
    "Bimodality",
    "Cascade",
    "ConformitySlope",
    "ContentContagion",
    "DipTest",
    "ExposureHazard",
    "History",
    "LeaningDensity",
    "OthersWeight",
    "ResponseCurve",
    "Rule",
    "RuleComparison",
    "agreement",
    "bimodality",
    "cascade_breadth",
    "cascade_depth",
    "cascade_size",
    "cascades",
    "cluster_count",
    "cluster_labels",
    "compare_rules",
    "conformity_slope",
    "consensus_share",
    "content_contagion",
    "convergence_ratio",
    "cross_cutting_exposure",
    "cross_cutting_shares",
    "dip",
    "dip_test",
    "distinct_n",
    "drift",
    "effective_number",
    "esteban_ray",
    "exposure_hazard",
    "external_internal_index",
    "fit_response_curve",
    "fit_rule",
    "fragmentation",
    "gini",
    "group_codes",
    "group_consensus",
    "group_divergence",
    "history_rows",
    "jensen_shannon_distance",
    "leaning_density",
    "mean",
    "mean_absolute_difference",
    "mean_embedding_distance",
    "mean_pairwise_difference",
    "modularity",
    "neighbour_correlation",
    "neighbour_means",
    "ngrams",
    "nominal_assortativity",
    "random_walk_controversy",
    "response_probability",
    "shannon_entropy",
    "shares",
    "size_parity",
    "spread",
    "structural_virality",
    "time_to_consensus",
    "top_share",
    "total_variation",
    "unpredictabilities",
    "unpredictability",
    "variance",
    "wasserstein_1",
    "weight_on_others",
]
