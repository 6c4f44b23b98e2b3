"""Whether people can be placed as declared, and whether a shuffle changes anything: found out by doing it.

The people and ties of the first replicate are drawn as a run draws them. Large populations are left to the run itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from socsim.errors import ScenarioError
from socsim.scenario.document import Path as FieldPath
from socsim.scenario.findings import Findings
from socsim.scenario.root import Scenario
from socsim.scenario.worlds import ArmSpec
from socsim.seeding import replicate_seed, stream

__all__ = ["MOST_PEOPLE", "try_world"]

MOST_PEOPLE = 2_000
"""Size of the largest population that is placed when a file is checked."""


def try_world(scenario: Scenario, arms: Iterable[tuple[FieldPath, ArmSpec]], folder: Path, findings: Findings) -> None:
    """Place the people of a world, and shuffle them as its control arms do.

    Args:
        scenario: the scenario, patched where the arm patches it; people and ties must have been checked.
        arms: arms with this world, and where each stands.
        folder: the scenario's folder.
        findings: takes what cannot be done; problems of a shuffle at its arm.
    """
    network = scenario.network
    shuffled = [(path, arm) for path, arm in arms if arm.shuffle is not None]
    placed = network is not None and network.place.by in ("degree", "homophily")
    if network is None or scenario.population.size > MOST_PEOPLE or not (placed or shuffled):
        return
    from socsim.network.standing import stand
    from socsim.population.sampling import sample_population

    seed = replicate_seed(scenario.seed, 0)
    people_seed = seed if scenario.population.per_world else scenario.seed
    try:
        people = sample_population(scenario.population, stream(people_seed, "population"), folder)
        stand(network, None, people, seed, folder)
    except ScenarioError as error:
        findings.add_error(error, ("network",))
        return
    for path, arm in shuffled:
        try:
            stand(network, arm.shuffle, people, seed, folder)
        except ScenarioError as error:
            for problem in error.problems:
                findings.add(path, problem.message, problem.fix)
