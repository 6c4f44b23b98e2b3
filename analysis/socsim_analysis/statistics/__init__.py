"""The statistics of holding simulated societies against findings about people: units, intervals, tests, verdicts, planning."""

from socsim_analysis.statistics.equivalence import (
    DirectionVerdict,
    HumanEstimate,
    Tost,
    Verdict,
    direction_verdict,
    tost,
    verdict,
)
from socsim_analysis.statistics.intervals import UnitInterval, clustered_interval, interval_over_units, wilson_interval
from socsim_analysis.statistics.mixed import MixedEffect, MixedFit, mixed_effects
from socsim_analysis.statistics.multiple import benjamini_hochberg, holm
from socsim_analysis.statistics.paired import Contrast, blocked_contrast, paired_contrast
from socsim_analysis.statistics.permutation import PermutationTest, blocked_test, sign_flip_test, two_sample_test
from socsim_analysis.statistics.planning import (
    OutcomeShares,
    Reachable,
    outcome_shares,
    power_of_match,
    reachable,
    worlds_needed,
)
from socsim_analysis.statistics.simulating import SimulatedPower, simulated_power, simulated_size
from socsim_analysis.statistics.sizes import cohen_d, cohen_h, hedges_g, log_ratio
from socsim_analysis.statistics.units import UnitMeans, broken_units, connected_units, draw_units, unit_means, unit_numbers

__all__ = [
    "Contrast",
    "DirectionVerdict",
    "HumanEstimate",
    "MixedEffect",
    "MixedFit",
    "OutcomeShares",
    "PermutationTest",
    "Reachable",
    "SimulatedPower",
    "Tost",
    "UnitInterval",
    "UnitMeans",
    "Verdict",
    "benjamini_hochberg",
    "blocked_contrast",
    "blocked_test",
    "broken_units",
    "clustered_interval",
    "cohen_d",
    "cohen_h",
    "connected_units",
    "direction_verdict",
    "draw_units",
    "hedges_g",
    "holm",
    "interval_over_units",
    "log_ratio",
    "mixed_effects",
    "outcome_shares",
    "paired_contrast",
    "power_of_match",
    "reachable",
    "sign_flip_test",
    "simulated_power",
    "simulated_size",
    "tost",
    "two_sample_test",
    "unit_means",
    "unit_numbers",
    "verdict",
    "wilson_interval",
    "worlds_needed",
]
