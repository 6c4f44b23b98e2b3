"""Scenario files: the declared study, its loader and its checks."""

from socsim.scenario.arms import patched
from socsim.scenario.availability import not_yet_available
from socsim.scenario.dumping import dump_scenario
from socsim.scenario.loading import LoadedScenario, check_scenario, load_scenario
from socsim.scenario.root import Scenario
from socsim.scenario.schema import scenario_schema
from socsim.scenario.starter import starter_text

__all__ = [
    "LoadedScenario",
    "Scenario",
    "check_scenario",
    "dump_scenario",
    "load_scenario",
    "not_yet_available",
    "patched",
    "scenario_schema",
    "starter_text",
]
