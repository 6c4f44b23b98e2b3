from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import Scenario, patched
from socsim.scenario.worlds import ArmSpec

Make = Callable[..., Scenario]


def arm(**patch: Any) -> ArmSpec:
    return ArmSpec(name="other", patch=patch)


def test_an_arm_without_a_patch_is_the_world_itself(make_debate: Make) -> None:
    scenario = make_debate()
    assert patched(scenario, scenario.arms[1]) is scenario


def test_a_graph_is_replaced_whole_and_the_rest_of_the_network_stays(make_debate: Make) -> None:
    scenario = make_debate(network={"graph": {"watts_strogatz": {"k": 4, "p": 0.2}}, "directed": True})
    world = patched(scenario, arm(network={"graph": {"star": None}}))
    assert world.network is not None
    assert (world.network.graph.generator, world.network.graph.parameters, world.network.directed) == ("star", {}, True)


def test_items_merge_by_name_and_keep_what_is_not_changed(make_debate: Make) -> None:
    world = patched(make_debate(), arm(items={"tax": {"text": "Other words.", "readout": {"labels": ("digits",)}}}))
    assert isinstance(world.items, dict)
    item = world.items["tax"]
    assert (item.text, item.readout.labels, item.options) == ("Other words.", ("digits",), ("disagree", "neither", "agree"))


def test_a_text_of_an_arm_takes_the_place_of_a_file_and_the_other_way_round(make_debate: Make) -> None:
    scenario = make_debate()
    from_file = patched(scenario, arm(items={"tax": {"text_file": "a.txt"}}))
    assert isinstance(from_file.items, dict)
    assert (from_file.items["tax"].text, from_file.items["tax"].text_file) == (None, "a.txt")


def test_phases_are_patched_by_name_also_inside_rounds(make_debate: Make) -> None:
    talk = {"phase": "second", "interaction": {"kind": "estimates", "see": "answers"}, "ask": ["item"]}
    scenario = make_debate(
        schedule=[{"for_each_item": {"order": "as_given"}, "phases": [{"phase": "first", "ask": ["item"]}, talk]}]
    )
    world = patched(scenario, arm(phases={"second": {"interaction": "none"}}))
    assert world.schedule[0].phases[1].interaction == "none"  # type: ignore[union-attr]
    assert world.schedule[0].phases[0] == scenario.schedule[0].phases[0]  # type: ignore[union-attr]


def test_an_interaction_merges_unless_its_kind_changes(make_debate: Make) -> None:
    less = patched(make_debate(), arm(phases={"talk": {"interaction": {"at_most": 1}}})).schedule[1].interaction  # type: ignore[union-attr]
    assert less != "none"
    assert (less.kind, less.at_most) == ("neighbours", 1)
    other = patched(make_debate(), arm(phases={"talk": {"interaction": {"kind": "feed"}}})).schedule[1].interaction  # type: ignore[union-attr]
    assert other != "none"
    assert (other.kind, other.at_most) == ("feed", None)


def test_people_prompts_and_a_removed_network(make_debate: Make) -> None:
    world = patched(make_debate(), arm(population={"persona": {"renderer": "none"}}, prompts={"say": "Speak."}, network=None))
    assert (world.population.persona.renderer, world.population.size) == ("none", 8)
    assert world.prompts.say == "Speak."
    assert world.network is None


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"seed": 3}, "cannot change 'seed'"),
        ({"phases": {"tlak": {}}}, "Did you mean 'talk'"),
        ({"phases": {"talk": {"phase": "x"}}}, "cannot rename"),
        ({"phases": {"talk": "none"}}, "is a mapping"),
        ({"phases": ["talk"]}, "are a mapping"),
    ],
)
def test_what_an_arm_cannot_change_is_refused(make_debate: Make, patch: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        patched(make_debate(), arm(**patch))
