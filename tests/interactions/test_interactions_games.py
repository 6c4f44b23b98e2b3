from __future__ import annotations

from typing import Any

import pytest
from crowds import Played, play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.events import ResponseRow
from socsim.runner import open_scenario
from socsim.scenario import Scenario, load_scenario
from socsim.scenario.options_games import WORDING_GAMES

SAMPLE = {"method": "sample", "orders": "fixed", "labels": ["letters"]}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def game(name: str, size: int = 2, repeat: int = 2, activation: Any = None, network: Any = None, **options: Any) -> Scenario:
    phase = {
        "phase": "play",
        "repeat": repeat,
        "activation": activation or {"kind": "dyads", "members": "fixed"},
        "interaction": {"kind": "games", "options": {"game": name, "readout": SAMPLE, **options}},
        "say": {"max_tokens": 20} if options.get("talk") else None,
    }
    return scenario([phase], size, **({"network": network} if network else {}))


def amount(points: int, unit: int = 1) -> str:
    """The label of an amount."""
    return LETTERS[points // unit]


def first_of(played: Played) -> int:
    return min(agent for _, agent, kind, *_ in played.done() if kind in ("give", "offer", "send"))


def test_a_dictator_keeps_what_it_does_not_give() -> None:
    played = play(game("dictator", repeat=1), lambda agent, text: amount(3))
    (giver,) = [agent for _, agent, kind, *_ in played.done() if kind == "give"]
    assert played.kept("payoff") == {(0, giver): 7.0, (0, 1 - giver): 3.0}
    assert played.done() == [(0, giver, "give", "", 1 - giver, "done")]


@pytest.mark.parametrize("accepts", [True, False])
def test_a_responder_is_told_the_offer_and_decides(accepts: bool) -> None:
    def reply(agent: int, text: str) -> str:
        if "offers you" in text:
            return "A" if accepts else "B"
        return amount(4)

    played = play(game("ultimatum", repeat=2), reply)
    (proposer,) = {agent for _, agent, kind, *_ in played.done() if kind == "offer"}
    (responder,) = {agent for _, agent, kind, *_ in played.done() if kind in ("accept", "reject")}
    assert "offers you 4 of them" in played.scenes[0, responder]
    expected = (6.0, 4.0) if accepts else (0.0, 0.0)
    assert (played.kept("payoff")[0, proposer], played.kept("payoff")[0, responder]) == expected
    assert played.kept("total")[1, proposer] == 2 * expected[0]
    word = "accepted" if accepts else "rejected"
    assert f"- you: offered 4; the other: {word}; you got {expected[0]:g}" in played.scenes[1, proposer]
    assert f"- you: {word}; the other: offered 4; you got {expected[1]:g}" in played.scenes[1, responder]


def test_a_trustee_may_return_what_was_sent_times_three_at_most() -> None:
    def reply(agent: int, text: str) -> str:
        return amount(14, 2) if "send back?" in text else amount(8, 2)

    played = play(game("trust", repeat=1, unit=2), reply)
    (trustor,) = [agent for _, agent, kind, *_ in played.done() if kind == "send"]
    assert "sent you 8, which became 24" in played.scenes[0, 1 - trustor]
    assert played.kept("payoff") == {(0, trustor): 16.0, (0, 1 - trustor): 10.0}
    (asked,) = [text for text in played.prompts if "send back?" in text]
    assert "24" in asked
    assert "26" not in asked


def test_moves_are_made_at_the_same_time_and_remembered() -> None:
    played = play(game("prisoners_dilemma", repeat=3, history=2), lambda agent, text: "AB"[agent])
    assert played.kept("payoff") == {(step, agent): (0.0, 5.0)[agent] for step in range(3) for agent in range(2)}
    assert played.kept("total")[2, 1] == 15.0
    assert "choose X or Y at the same time" in played.scenes[0, 0]
    assert "last rounds" not in played.scenes[0, 0]
    assert played.scenes[2, 0].count("- you: X; the other: Y; you got 0") == 2
    assert "Your points so far: 10." in played.scenes[2, 1]
    assert played.kept("cooperated") == {(step, agent): (1.0, 0.0)[agent] for step in range(3) for agent in range(2)}


def test_a_trustee_who_was_sent_nothing_is_not_asked() -> None:
    played = play(game("trust", repeat=2, unit=2), lambda agent, text: amount(0))
    (trustor,) = {agent for _, agent, kind, *_ in played.done() if kind == "send"}
    assert [kind for _, _, kind, *_ in played.done()] == ["send", "send"]
    assert played.kept("payoff") == {(step, agent): 10.0 * (agent == trustor) for step in range(2) for agent in range(2)}
    assert "- you: sent 0; the other: had no choice; you got 10" in played.scenes[1, trustor]


def test_nobody_has_to_play_where_one_may_stay_out() -> None:
    ring = {"graph": {"ring": {}}, "place": {"by": "given"}}
    options = {"stay_out": 2.0}
    played = play(game("prisoners_dilemma", 4, 2, "simultaneous", ring, **options), lambda agent, text: "CABA"[agent])
    assert "Whenever one of two stays out, both of them get 2." in played.scenes[0, 0]
    assert {payoff for (step, _), payoff in played.kept("payoff").items()} == {4.0, 2.0, 10.0}
    assert [played.kept("payoff")[0, agent] for agent in range(4)] == [4.0, 2.0, 10.0, 2.0]
    assert (0, 0, "nothing", "", None, "done") in played.done()
    assert "- you: X; others: stay out, Y; you got 2" in played.scenes[1, 1]


def test_a_failed_move_spoils_the_rounds_of_neighbours_only() -> None:
    ring = {"graph": {"ring": {}}, "place": {"by": "given"}}
    played = play(game("stag_hunt", 5, 1, "simultaneous", ring), lambda agent, text: "A" if agent else "Well, well.")
    assert played.kept("payoff") == {(0, 2): 8.0, (0, 3): 8.0}
    assert [agent for _, agent, kind, *_ in played.done() if kind == "void"] == [0, 1, 4]


def test_another_game_is_not_remembered_but_its_points_are_kept() -> None:
    games = [("dictator", {}), ("stag_hunt", {}), ("stag_hunt", {})]
    phases = [
        {
            "phase": f"p{place}",
            "activation": {"kind": "dyads", "members": "fixed"},
            "interaction": {"kind": "games", "options": {"game": name, "readout": SAMPLE, **options}},
        }
        for place, (name, options) in enumerate(games)
    ]
    played = play(scenario(phases, 2), lambda agent, text: "A")
    assert "last rounds" not in played.scenes[1, 0]
    assert played.scenes[2, 0].count("you got") == 1
    assert sorted(played.kept("total")[2, agent] for agent in range(2)) == [8.0, 18.0]


def test_neighbours_play_each_other_with_one_move() -> None:
    ring = {"graph": {"ring": {}}, "place": {"by": "given"}}
    played = play(game("prisoners_dilemma", 4, 1, "simultaneous", ring), lambda agent, text: "B" if agent == 0 else "A")
    assert played.kept("payoff") == {(0, 0): 10.0, (0, 1): 3.0, (0, 2): 6.0, (0, 3): 3.0}
    assert "each of your 2 neighbours" in played.scenes[0, 0]


def test_neighbours_put_into_a_project_of_each_neighbourhood() -> None:
    line = {"graph": {"path": {}}, "place": {"by": "given"}}
    options = {"endowment": 10, "multiplier": 1.5}
    played = play(game("public_goods", 3, 2, "simultaneous", line, **options), lambda agent, text: amount((10, 0, 6)[agent]))
    first, middle, last = 1.5 * 10 / 2, 1.5 * 16 / 3, 1.5 * 6 / 2
    assert [played.kept("payoff")[0, agent] for agent in range(3)] == pytest.approx([first, 10 + middle, 4 + last])
    assert "you are 2 people" in played.scenes[0, 0]
    assert "one part in 3 of it is yours" in played.scenes[0, 1]
    assert "- you: 0; others: 10, 6; you got 18" in played.scenes[1, 1]


def test_contributions_become_known_before_they_are_punished() -> None:
    def reply(agent: int, text: str) -> str:
        if "of punishment do you give" in text:
            return "D" if "give to Person 1?" in text else "A"
        return amount(0 if agent == 0 else 10)

    options = {"endowment": 10, "multiplier": 2.0, "punishment": {"cost": 1, "fine": 3, "most": 3}}
    played = play(game("public_goods", 4, 1, {"kind": "groups", "size": 4}, None, **options), reply)
    share = 2.0 * 30 / 4
    expected = {(0, 0): 10 + share - 3 * 9, **{(0, agent): share - 3 for agent in (1, 2, 3)}}
    assert played.kept("payoff") == expected
    choices = [row.item for row in played.rows if isinstance(row, ResponseRow) and row.agent == 2]
    assert choices == ["move", "punishment", "punishment#1", "punishment#2"]
    assert "In this round Person 1 put in 0" in played.scenes[0, 2]
    assert "Person 4 put in 10" in played.scenes[0, 2]
    assert "Person 3" not in played.scenes[0, 2]


def test_who_was_punished_is_told_how_much_not_by_whom() -> None:
    def reply(agent: int, text: str) -> str:
        if "of punishment do you give" in text:
            return "B" if agent != 0 and "give to Person 1?" in text else "A"
        return amount(0 if agent == 0 else 10)

    options = {"multiplier": 2.0, "punishment": {"cost": 1, "fine": 3}}
    played = play(game("public_goods", 3, 2, {"kind": "groups", "size": 3, "members": "fixed"}, None, **options), reply)
    first = [text for text in played.prompts if "into the project?" in text and "last rounds" not in text]
    assert len(first) == 3
    assert all("each costs the giver 1 and takes 3 from the other" in text for text in first)
    (move,) = [text for text in played.prompts if "into the project?" in text and "number 0." in text and "last rounds" in text]
    line = [line for line in move.splitlines() if line.startswith("- you")]
    assert line == ["- you: 0; others: 10, 10; punishment took 6 from you; you got 17.3333"]
    assert played.kept("payoff")[0, 1] == pytest.approx(40 / 3 - 1)


def test_talk_is_heard_before_moves_are_made() -> None:
    def reply(agent: int, text: str) -> str:
        return f"I am {agent}." if "short sentence" in text else "A"

    played = play(game("stag_hunt", 2, 1, talk=True), reply)
    assert 'Person 2: "I am 1."' in played.scenes[0, 0]
    assert 'You: "I am 0."' in played.scenes[0, 0]
    assert played.kept("payoff") == {(0, 0): 4.0, (0, 1): 4.0}


def test_second_movers_know_the_game_when_they_speak() -> None:
    for name, words in (
        ("ultimatum", "will offer you some"),
        ("trust", "you decide how much"),
        ("dictator", "may give you some"),
    ):
        played = play(game(name, 2, 1, talk=True), lambda agent, text: "Hello you." if "short sentence" in text else "A")
        (other,) = [text for text in played.prompts if "short sentence" in text and words in text]
        assert "{" not in other


def test_what_was_said_in_another_round_is_not_heard_again() -> None:
    spoken: list[int] = []

    def reply(agent: int, text: str) -> str:
        if "short sentence" not in text:
            return "A"
        spoken.append(agent)
        return f"I am {agent}." if len(spoken) <= 2 else "..."

    played = play(game("stag_hunt", 2, 1, talk=True, rounds=2), reply, execution="sequential")
    moves = [text for text in played.prompts if "Which do you choose" in text]
    assert ["was said" in text for text in moves] == [True, True, False, False]


def test_everything_that_players_are_told_can_be_worded_anew() -> None:
    spec = game("ultimatum", 2, 2)
    phase = spec.schedule[0].model_dump(by_alias=True)
    phase["interaction"]["wording"] = {name: f"<{name}>" for name in WORDING_GAMES if name not in ("accept", "reject", "past")}
    phase["interaction"]["wording"] |= {"past": "<past {lines}>", "line_pair": "<line_pair {own} {others}>"}
    played = play(scenario([phase], 2), lambda agent, text: "A")
    told = {"\n".join(line for line in text.splitlines() if line.startswith("<")) for text in played.prompts}
    past = "<past <line_pair <did_{}> <did_{}>>>"
    assert told == {
        "<ultimatum_proposer>\n<ultimatum_question>", "<ultimatum_responder>\n<ultimatum_answer>",
        f"<ultimatum_proposer>{past.format('offer', 'accept')}\n<ultimatum_question>",
        f"<ultimatum_responder>{past.format('accept', 'offer')}\n<ultimatum_answer>",
    }  # fmt: skip


def test_a_move_that_failed_makes_the_round_void_for_both() -> None:
    played = play(game("prisoners_dilemma", repeat=1), lambda agent, text: "A" if agent else "I would rather not say.")
    assert played.kept("payoff") == {}
    assert {(agent, kind, status) for _, agent, kind, _, _, status in played.done()} == {
        (0, "move", "failed"), (1, "move", "done"), (0, "void", "done"), (1, "void", "done"),
    }  # fmt: skip


def test_it_is_the_same_under_every_execution() -> None:
    def reply(agent: int, text: str) -> str:
        return "AB"[len(text) % 2]

    assert same_under_every_execution(game("ultimatum", 6, 4, "dyads"), reply)
    punishing = {"punishment": {"most": 1}, "unit": 10}
    assert same_under_every_execution(game("public_goods", 8, 3, {"kind": "groups", "size": 4}, None, **punishing), reply)
    ring = {"graph": {"ring": {}}}
    for activation in ("simultaneous", "random_sequential"):
        assert same_under_every_execution(game("public_goods", 8, 3, activation, ring, unit=10), reply)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("activation: dyads\n    interaction: {kind: games, options: {game: chess}}", "interaction.options.game"),
        ("activation: simultaneous\n    interaction: {kind: games, options: {game: trust}}", "schedule.0.activation"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: trust, talk: true}}", "options.talk"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: trust, matrix: [1, 2, 3, 4]}}", "options"),
        ("interaction: {kind: games, options: {game: stag_hunt}}", "needs a network"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: trust, stay_out: 1}}", "have a `stay_out`"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: trust, endowment: 5}}", "multiple of the unit"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: stag_hunt, matrix: [1, 2, 3, 4]}}", "no stag hunt"),
        (
            "activation: dyads\n    interaction: {kind: games, options: {game: prisoners_dilemma, matrix: [1, 2, 3, 4]}}",
            "no prisoner",
        ),
        ("activation: dyads\n    interaction: {kind: games, options: {game: trust}, at_most: 2}", "interaction.at_most"),
        ("activation: {dyads: {rounds: 2}}\n    interaction: {kind: games, options: {game: trust}}", "activation.rounds"),
        ("activation: dyads\n    interaction: {kind: games, options: {game: ultimatum}, wording: {accept: reject}}", "options"),
        (
            "activation: dyads\n    interaction: {kind: games, options: {game: stag_hunt, moves: [X, stay out], stay_out: 1}}",
            "moves",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Any, text: str, field: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(f"socsim: 1\nname: x\npopulation: {{size: 4}}\nschedule:\n  - phase: p\n    {text}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=field if field != "needs a network" else "there is no network"):
        load_scenario(path)


def test_alone_there_is_nobody_to_play_with(tmp_path: Any) -> None:
    path = tmp_path / "s.yaml"
    phase = "activation: dyads\n    interaction: {kind: games, options: {game: dictator}}"
    text = f"socsim: 1\nname: x\npopulation: {{size: 4}}\narms: [treatment, alone]\nschedule:\n  - phase: p\n    {phase}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="cannot be played in the arm 'alone'"):
        load_scenario(path)


@pytest.mark.parametrize("name", ["prisoners_dilemma", "public_goods", "ultimatum"])
def test_the_examples_are_valid(name: str) -> None:
    open_scenario(f"scenarios/examples/{name}.yaml")
