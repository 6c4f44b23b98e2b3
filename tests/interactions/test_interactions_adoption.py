from __future__ import annotations

from typing import Any

import pytest
from crowds import play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.runner import open_scenario
from socsim.scenario import Scenario, load_scenario

SAMPLE = {"method": "sample", "orders": "fixed", "labels": ["letters"]}
RING = {"graph": {"ring": {}}, "place": {"by": "given"}}


def spread(size: int = 6, repeat: int = 3, activation: Any = "simultaneous", arms: Any = None, **options: Any) -> Scenario:
    declared = {"what": "Pigeon", "seeds": {"agents": [0]}, "readout": SAMPLE, **options}
    phase = {
        "phase": "spread",
        "repeat": repeat,
        "activation": activation,
        "interaction": {"kind": "adoption", "options": declared},
    }
    return scenario([phase], size, network=RING, **({"arms": arms} if arms else {}))


def follows(agent: int, text: str) -> str:
    """Adopts as soon as anybody it knows has."""
    return "B" if "None of the" in text else "A"


def test_it_spreads_one_neighbour_a_step_from_the_seed() -> None:
    played = play(spread(), follows)
    adopted = {(step, agent) for (step, agent), value in played.kept("adopted").items() if value}
    assert adopted == {(0, 1), (0, 5), (1, 2), (1, 4), (2, 3)}
    assert not [one for one in played.done() if one[1] == 0]
    assert played.scenes[0, 1] == "1 of the 2 people you know use Pigeon.\n"
    assert played.scenes[0, 2] == "None of the 2 people you know uses Pigeon.\n"
    assert (played.kept("exposed")[2, 3], played.kept("known")[2, 3]) == (2.0, 2.0)
    assert {kind for _, _, kind, *_ in played.done()} == {"adopt", "nothing"}


def test_one_after_the_other_it_may_spread_faster() -> None:
    played = play(spread(repeat=1, activation="random_sequential"), follows)
    assert sum(played.kept("adopted").values()) >= 2


def test_who_has_adopted_may_be_shown_and_the_cost() -> None:
    played = play(spread(show="who", cost="It costs a day."), follows)
    assert played.scenes[0, 1] == "Of the people you know, Person 1 use Pigeon; 1 do not.\nIt costs a day.\n"


def test_adopters_may_give_up_where_it_is_not_absorbing() -> None:
    played = play(spread(repeat=1, absorbing=False), lambda agent, text: "B")
    assert played.done() == [(0, agent, "give_up" if agent == 0 else "nothing", "", None, "done") for agent in range(6)]
    assert "You use Pigeon now." in played.scenes[0, 0]
    assert played.kept("adopted")[0, 0] == 0.0


def test_a_choice_that_failed_changes_nothing() -> None:
    played = play(spread(repeat=2), lambda agent, text: "I cannot say.")
    assert {(kind, status) for _, _, kind, _, _, status in played.done()} == {("choose", "failed")}
    assert set(played.kept("adopted").values()) == {0.0}


def test_alone_nobody_is_seen_to_have_adopted() -> None:
    played = play(spread(arms=["treatment", "alone"]), follows, arm=1)
    assert set(played.kept("exposed").values()) == {0.0}
    assert not any(played.kept("adopted").values())


def test_seeds_are_drawn_alike_in_every_step() -> None:
    played = play(spread(12, seeds={"share": 0.25}), lambda agent, text: "B")
    assert {agent for _, agent, *_ in played.done()} == {agent for step, agent, *_ in played.done() if step == 0}
    assert len({agent for _, agent, *_ in played.done()}) == 9


def test_it_is_the_same_under_every_execution() -> None:
    assert same_under_every_execution(spread(8, 3, "random_sequential", absorbing=False), lambda agent, text: "AB"[len(text) % 2])


def test_two_ways_of_naming_seeds_are_refused(tmp_path: Any) -> None:
    path = tmp_path / "s.yaml"
    options = "{what: it, seeds: {count: 1, share: 0.5}}"
    phase = f"  - phase: p\n    interaction: {{kind: adoption, options: {options}}}\n"
    text = f"socsim: 1\nname: x\npopulation: {{size: 4}}\nschedule:\n{phase}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"options.seeds.*give one of `share`, `count` and `agents`"):
        load_scenario(path)


def test_the_example_is_valid() -> None:
    open_scenario("scenarios/examples/adoption.yaml")
