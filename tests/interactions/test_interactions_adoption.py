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
    return "B" if "none of" in text or "You know nobody" in text else "A"


def test_it_spreads_one_neighbour_a_step_from_the_seed() -> None:
    played = play(spread(), follows)
    assert {(step, agent) for step, agent, kind, *_ in played.done() if kind == "adopt"} == {
        (0, 1),
        (0, 5),
        (1, 2),
        (1, 4),
        (2, 3),
    }
    assert [one for one in played.done() if one[1] == 0] == [(0, 0, "seed", "", None, "done")]
    shares = [sum(played.kept("adopted")[step, agent] for agent in range(6)) for step in range(3)]
    assert shares == [3.0, 5.0, 6.0]
    assert played.scenes[0, 1] == "People you know who use Pigeon: 1 of 2.\n"
    assert played.scenes[0, 2] == "People you know who use Pigeon: none of 2.\n"
    assert (0, 0) not in played.scenes
    assert (played.kept("exposed")[2, 3], played.kept("known")[2, 3]) == (2.0, 2.0)
    assert {kind for _, _, kind, *_ in played.done()} == {"adopt", "nothing", "seed"}


def test_one_after_the_other_it_may_spread_faster() -> None:
    played = play(spread(repeat=1, activation="random_sequential"), follows)
    assert sum(played.kept("adopted").values()) >= 2


def test_who_has_adopted_may_be_shown_and_the_cost() -> None:
    played = play(spread(show="who", cost="It costs a day."), follows)
    assert played.scenes[0, 1] == "People you know who use Pigeon: Person 1. Others whom you know: 1.\nIt costs a day.\n"
    assert [one for one in played.seen() if one[0] == 1] == [
        (1, 2, 1, 0, "Pigeon", "adopter"), (1, 4, 5, 0, "Pigeon", "adopter"),
    ]  # fmt: skip


def test_adopters_may_give_up_where_it_is_not_absorbing() -> None:
    played = play(spread(repeat=1, absorbing=False), lambda agent, text: "B")
    expected = [(0, agent, "give_up" if agent == 0 else "nothing", "", None, "done") for agent in range(6)]
    assert played.done() == [*expected, (0, 0, "seed", "", None, "done")]
    assert "You use Pigeon now." in played.scenes[0, 0]
    assert played.kept("adopted")[0, 0] == 0.0


def test_a_choice_that_failed_changes_nothing() -> None:
    played = play(spread(repeat=2), lambda agent, text: "I cannot say.")
    assert {(kind, status) for _, _, kind, _, _, status in played.done()} == {("choose", "failed"), ("seed", "done")}
    assert {agent for (_, agent), value in played.kept("adopted").items() if value} == {0}


def test_alone_nobody_is_seen_to_have_adopted() -> None:
    played = play(spread(arms=["treatment", "alone"]), follows, arm=1)
    assert set(played.kept("exposed").values()) == {0.0}
    assert {agent for (_, agent), value in played.kept("adopted").items() if value} == {0}


def test_seeds_are_drawn_alike_in_every_step() -> None:
    played = play(spread(12, seeds={"share": 0.25}), lambda agent, text: "B")
    seeds = {agent for _, agent, kind, *_ in played.done() if kind == "seed"}
    assert len(seeds) == 3
    for step in range(3):
        assert {agent for at, agent, kind, *_ in played.done() if at == step and kind == "nothing"} == set(range(12)) - seeds


@pytest.mark.parametrize("absorbing", [True, False])
def test_who_waits_for_a_change_decides_when_a_neighbour_has_adopted(absorbing: bool) -> None:
    waiting = {"kind": "events", "on": "neighbour_change", "first": "none"}
    played = play(spread(6, 5, waiting, absorbing=absorbing), lambda agent, text: "A")
    decided = [(step, agent) for step, agent, kind, *_ in played.done() if kind in ("adopt", "keep")]
    first = [(1, 1), (1, 5), (2, 2), (2, 4), (3, 3)]
    assert decided == first if absorbing else set(decided) >= set(first)
    assert not [one for one in decided if one[0] == 0]
    assert [sum(played.kept("adopted")[step, agent] for agent in range(6)) for step in range(5)] == [1, 3, 5, 6, 6]


def test_nothing_happens_where_nobody_can_change() -> None:
    waiting = {"kind": "events", "on": "neighbour_change", "first": "all"}
    played = play(spread(6, 3, waiting), lambda agent, text: "B")
    assert {step for step, _, kind, *_ in played.done() if kind == "nothing"} == {0, 1}
    assert {agent for step, agent, kind, *_ in played.done() if kind == "nothing" and step == 1} == {1, 5}


def test_whoever_knows_nobody_is_told_so() -> None:
    apart = {"graph": {"erdos_renyi": {"p": 0.0}}}
    spec = spread(3, 1)
    spec = scenario([spec.schedule[0].model_dump(by_alias=True)], 3, network=apart)
    played = play(spec, follows)
    assert played.scenes[0, 1] == "You know nobody who could use Pigeon.\n"
    assert played.kept("known")[0, 1] == 0.0


def test_it_is_the_same_under_every_execution() -> None:
    def reply(agent: int, text: str) -> str:
        return "AB"[(len(text) + agent) % 2]

    waiting = {"kind": "events", "on": "neighbour_change"}
    for activation in ("simultaneous", "random_sequential", {"kind": "poisson", "rate": 0.7}, waiting):
        assert same_under_every_execution(spread(8, 3, activation, absorbing=False, show="who"), reply)


@pytest.mark.parametrize(
    ("interaction", "words"),
    [
        ("options: {what: it, seeds: {count: 1, share: 0.5}}", r"options.seeds.*give one of `share`, `count` and `agents`"),
        ("options: {what: it, seeds: {count: 5}}", r"options.seeds.count.*5 of 4 people would be seeds"),
        ("options: {what: it, seeds: {agents: [4]}}", r"options.seeds.agents.*there is no agent 4"),
        ("options: {what: it, seeds: {count: 1}}, at_most: 3", r"interaction.at_most.*has no effect"),
        ("options: {what: it, seeds: {count: 1}}, wording: {adopt: A, nothing: A}", r"interaction.options.*twice"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Any, interaction: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    phase = f"  - phase: p\n    interaction: {{kind: adoption, {interaction}}}\n"
    text = f"socsim: 1\nname: x\npopulation: {{size: 4}}\nnetwork: {{graph: {{ring: {{}}}}}}\nschedule:\n{phase}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path)


def test_the_example_is_valid() -> None:
    open_scenario("scenarios/examples/adoption.yaml")
