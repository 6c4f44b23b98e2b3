"""Sweeps: designs, what points change, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from socsim import Scenario, ScriptedEngine, load_scenario, run
from socsim.errors import ScenarioError
from socsim.scenario.arms import patched
from socsim.scenario.sweeping import expanded_arms, point_of, points_of
from socsim.scenario.worlds import SweepSpec

BASE = """
socsim: 1
name: s
seed: 5
population: {size: 8, data: none, persona: {renderer: none}}
network: {graph: {watts_strogatz: {k: 4, p: 0.1}}}
items: {bus: {type: ordinal, text: Free buses?, options: [a, b], readout: {labels: [letters]}}}
schedule: [{phase: talk, repeat: 2, interaction: {kind: neighbours, at_most: 2}, ask: [bus], say: {}}]
"""


def study(tmp_path: Path, sweep: str, more: str = "") -> Scenario:
    path = tmp_path / "s.yaml"
    path.write_text(f"{BASE}{more}\nsweep: {sweep}\n", encoding="utf-8")
    return load_scenario(path).resolved()


def test_a_grid_is_every_combination_as_an_arm(tmp_path: Path) -> None:
    spec = study(tmp_path, "{vary: {population.size: [8, 12], phases.talk.interaction.at_most: [1, 3]}}")
    assert [arm.name for arm in spec.arms] == [f"size={size}, at_most={most}" for size in (8, 12) for most in (1, 3)]
    assert spec.sweep is None
    worlds = [patched(spec, arm) for arm in spec.arms]
    found = [(world.population.size, world.schedule[0].interaction.at_most) for world in worlds]  # type: ignore[union-attr]
    assert found == [(8, 1), (8, 3), (12, 1), (12, 3)]
    assert all(world.network == spec.network for world in worlds)


def test_one_field_of_a_graph_leaves_the_others(tmp_path: Path) -> None:
    spec = study(tmp_path, "{vary: {network.graph.watts_strogatz.p: [0.0, 1.0], network.graph.watts_strogatz.k: [2, 6]}}")
    graphs = [patched(spec, arm).network.graph.parameters for arm in spec.arms]  # type: ignore[union-attr]
    assert graphs == [{"k": k, "p": p} for p in (0.0, 1.0) for k in (2, 6)]


def test_one_at_a_time_changes_one_factor_from_the_first_levels(tmp_path: Path) -> None:
    spec = study(tmp_path, "{design: one_at_a_time, vary: {population.size: [8, 10, 12], phases.talk.repeat: [2, 3]}}")
    assert [tuple(arm.factors.values()) for arm in spec.arms] == [(8, 2), (10, 2), (12, 2), (8, 3)]


def test_named_levels_change_several_things(tmp_path: Path) -> None:
    dense = "{population: {size: 12}, phases: {talk: {interaction: {at_most: 5}}}}"
    spec = study(tmp_path, f"{{vary: {{town: {{small: {{}}, dense: {dense}}}}}}}")
    small, large = (patched(spec, arm) for arm in spec.arms)
    assert [arm.name for arm in spec.arms] == ["town=small", "town=dense"]
    assert (small.population.size, large.population.size) == (8, 12)
    assert large.schedule[0].interaction.at_most == 5  # type: ignore[union-attr]


def test_ranges_are_spaced_equally_or_in_equal_ratios(tmp_path: Path) -> None:
    spec = study(tmp_path, "{steps: 3, vary: {population.size: {from: 8, to: 32, integer: true, log: true}}}")
    assert [arm.factors["population.size"] for arm in spec.arms] == [8, 16, 32]
    spec = study(tmp_path, "{steps: 5, vary: {network.graph.watts_strogatz.p: {from: 0.0, to: 1.0}}}")
    assert [arm.factors["network.graph.watts_strogatz.p"] for arm in spec.arms] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_latin_hypercube_uses_every_stratum_once(tmp_path: Path) -> None:
    vary = "{network.graph.watts_strogatz.p: {from: 0.0, to: 1.0}, population.size: {from: 8, to: 48, integer: true}, " \
           "phases.talk.interaction.at_most: [1, 2]}"  # fmt: skip
    spec = study(tmp_path, f"{{design: latin_hypercube, points: 10, vary: {vary}}}")
    p = sorted(float(arm.factors["network.graph.watts_strogatz.p"]) for arm in spec.arms)
    assert [int(value * 10) for value in p] == list(range(10))
    assert Counter(arm.factors["phases.talk.interaction.at_most"] for arm in spec.arms) == {1: 5, 2: 5}
    again = study(tmp_path, f"{{design: latin_hypercube, points: 10, vary: {vary}}}")
    assert again.arms == spec.arms
    order = [float(arm.factors["network.graph.watts_strogatz.p"]) for arm in spec.arms]
    assert order != p


def test_arms_stand_at_every_point(tmp_path: Path) -> None:
    spec = study(tmp_path, "{vary: {population.size: [8, 12]}}", "arms: [treatment, alone]")
    assert [arm.name for arm in spec.arms] == [f"{arm}, size={size}" for size in (8, 12) for arm in ("treatment", "alone")]
    assert [arm.control for arm in spec.arms] == [None, "alone"] * 2
    assert [arm.factors["arm"] for arm in spec.arms] == ["treatment", "alone"] * 2
    assert point_of(spec.arms[0]) == point_of(spec.arms[1]) == {"population.size": 8}


def test_without_a_sweep_arms_are_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(BASE, encoding="utf-8")
    spec = load_scenario(path).resolved()
    assert points_of(spec) == ()
    assert expanded_arms(spec) == spec.arms


def test_a_long_level_stands_in_names_as_its_number_and_is_kept_whole(tmp_path: Path) -> None:
    texts = [f"Write one {word} sentence about this, as you would to a friend: {{topic}}" for word in ("calm", "heated")]
    spec = study(tmp_path, f'{{vary: {{prompts.say: ["{texts[0]}", "{texts[1]}"]}}}}')
    assert [arm.name for arm in spec.arms] == ["say=#1", "say=#2"]
    assert [arm.factors["prompts.say"] for arm in spec.arms] == texts
    assert [patched(spec, arm).prompts.say for arm in spec.arms] == texts


def test_the_sweep_of_the_readme_is_valid(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(replicates: 5\nsweep:.*?)```", readme, flags=re.DOTALL)
    path = tmp_path / "s.yaml"
    path.write_text(BASE + block, encoding="utf-8")
    assert len(load_scenario(path).resolved().arms) == 2 * 5 * 2


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ("{vary: {}}", r"sweep.vary"),
        ("{vary: {population.size: [8]}}", r"one level does not vary"),
        ("{vary: {population.size: [8, 8]}}", r"stands twice"),
        ("{vary: {population.sise: [8, 9]}}", r"sweep.vary.population.sise.*in arm 'sise=8'.*unknown field 'sise'"),
        ("{vary: {population.size: [8, some]}}", r"in arm 'size=some'"),
        ("{vary: {network.graph.watts_strogatz.k: [4, 100]}}", r"in arm 'k=100'"),
        ("{vary: {inference.model: [a, b]}}", r"an arm cannot change 'inference'"),
        ("{vary: {phases.tolk.repeat: [1, 2]}}", r"no phase 'tolk'.*talk"),
        ("{vary: {town: [small, large]}}", r"no field.*LEVEL"),
        ("{vary: {town: {small: 3, large: {}}}}", r"mapping"),
        ("{vary: {arm: {a: {}, b: {}}}}", r"Give the factor another name"),
        ("{vary: {population.size: {from: 9, to: 8}}}", r"from one number to a larger one"),
        ("{vary: {population.size: {from: 0, to: 8, log: true}}}", r"above 0"),
        ("{vary: {population.size: [8, 9]}, points: 4}", r"go together"),
        ("{design: latin_hypercube, vary: {population.size: [8, 9]}}", r"go together"),
        (
            "{vary: {population.size: [8, 9], town: {a: {}, b: {population: {size: 12}}}}}",
            r"'town' and 'population.size' both give 'population.size'",
        ),
        (
            "{vary: {network.graph.watts_strogatz.p: [0.0, 1.0], town: {a: {}, b: {network: {graph: {ring: {}}}}}}}",
            r"both give 'network.graph'",
        ),
        ("{vary: {population.size: {from: 8, to: 2000}, phases.talk.repeat: {from: 1, to: 900}}, steps: 100}", r"worlds"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, sweep: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        study(tmp_path, sweep, "replicates: 3")


def test_a_study_written_in_python_is_unfolded_when_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(BASE, encoding="utf-8")
    plain = load_scenario(path).resolved()
    swept = plain.model_copy(update={"sweep": SweepSpec(vary={"population.size": (6, 8)})})
    done = run(swept, engine=ScriptedEngine(), out=tmp_path / "run")
    assert sorted(set(done.agents["arm"])) == ["size=6", "size=8"]
    assert done.scenario.sweep is None


def test_an_arm_that_gives_a_varied_field_its_own_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"the arm 'small' gives 'population.size' a value itself"):
        study(tmp_path, "{vary: {population.size: [8, 9]}}", "arms: [treatment, {small: {population: {size: 6}}}]")


def test_factors_are_not_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    arms: Any = "arms: [{name: a, factors: {x: 1}}]\nsweep: {vary: {population.size: [8, 9]}}\n"
    path.write_text(f"{BASE}{arms}", encoding="utf-8")
    with pytest.raises(ScenarioError, match="set by a sweep"):
        load_scenario(path)
