"""What cannot be placed or shuffled is found when a file is checked, at its line, as the run would find it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import LoadedScenario, trying

TEXT = """\
socsim: 1
name: small
seed: 3
population: {{size: {size}, data: statsmodels/anes96, facts: {{age: age, party: {{column: PID, labels: anes96.pid}}}}}}
network:
  graph: {graph}
  place: {place}
items: {{tax: {{type: ordinal, text: "Taxes should be lower.", options: ["disagree", "agree"]}}}}
schedule: [{{phase: poll, interaction: {{kind: neighbours, see: answers}}, ask: [tax]}}]
arms: [treatment, {{shuffled: {shuffle}}}]
"""
Load = Callable[[str], LoadedScenario]


def text(**changes: object) -> str:
    return TEXT.format(**({"size": 20, "graph": "{ring: {}}", "place": "{by: random}", "shuffle": "rewire"} | changes))


def test_what_can_be_placed_and_shuffled_passes(load: Load) -> None:
    assert load(text(place="{by: homophily, on: party, assortativity: 0.2}")).scenario.population.size == 20


@pytest.mark.parametrize(
    ("changes", "says", "line"),
    [
        ({"place": "{by: homophily, on: party, assortativity: 1, tolerance: 0.001}"}, "was not reached", 7),
        ({"place": "{by: degree, on: party}"}, "needs numbers", 7),
        ({"graph": "{star: {}}"}, "rewire would change nothing", 10),
        ({"graph": "{complete: {}}", "shuffle": "permute_people"}, "permute_people would change nothing", 10),
        ({"graph": "{erdos_renyi: {p: 0}}", "place": "{by: homophily, on: age, assortativity: 0.1}"}, "has no ties", 7),
    ],
)
def test_what_cannot_is_named_at_its_line(load: Load, changes: dict[str, str], says: str, line: int) -> None:
    with pytest.raises(ScenarioError, match=says) as caught:
        load(text(**changes))
    (problem,) = caught.value.problems
    assert (problem.line, bool(problem.fix)) == (line, True)


def test_large_populations_are_left_to_the_run(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MOST_PEOPLE", 19)
    load(text(graph="{star: {}}"))
