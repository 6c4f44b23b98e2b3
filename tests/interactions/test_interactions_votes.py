from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from crowds import play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.events import ExposureRow
from socsim.interactions.votes import first_votes
from socsim.scenario import Scenario, load_scenario
from socsim.scenario.options_votes import VotesOptions

SONGS = {"a": "Alpha", "b": "Beta", "c": "Gamma"}
SAMPLE = {"method": "sample"}


def market(activation: str = "random_sequential", repeat: int = 1, size: int = 6, **options: Any) -> Scenario:
    arms = options.pop("arms", ["treatment"])
    voting = {"kind": "votes", "options": {"items": SONGS, "readout": SAMPLE, **options}}
    phase = {"phase": "choose", "repeat": repeat, "activation": activation, "interaction": voting}
    return scenario([phase], size, arms=arms)


def taste(agent: int, text: str) -> str:
    return ("Alpha", "Beta", "Beta", "none of them", "Gamma", "Beta")[agent]


def listed(scene: str) -> dict[str, int]:
    """Scores by text in the order shown."""
    return {text: int(score) for text, score in re.findall(r'- "(\w+)" \(score: (-?\d+)\)', scene)}


def test_everybody_sees_the_votes_of_those_who_came_before() -> None:
    played = play(market(), taste)
    before = dict.fromkeys(SONGS.values(), 0)
    remaining = dict(played.scenes)
    while remaining:
        now = [place for place, scene in remaining.items() if listed(scene) == before]
        assert now
        quiet = [place for place in now if taste(place[1], "") not in before]
        place = (quiet or now)[0]
        del remaining[place]
        if taste(place[1], "") in before:
            before[taste(place[1], "")] += 1
    assert before == {"Alpha": 1, "Beta": 3, "Gamma": 1}


def test_votes_are_typed_and_to_do_nothing_is_one() -> None:
    played = play(market(), taste)
    done = {agent: (kind, about) for _, agent, kind, about, _, _ in played.done()}
    assert done == {
        0: ("vote", "a"), 1: ("vote", "b"), 2: ("vote", "b"), 3: ("nothing", ""), 4: ("vote", "c"), 5: ("vote", "b")
    }  # fmt: skip
    exposed = {row.agent: (row.potential, row.shown, row.engaged) for row in played.rows if isinstance(row, ExposureRow)}
    assert exposed == {agent: (3, 3, int(agent != 3)) for agent in range(6)}


def test_what_was_listed_is_logged_as_it_was_shown() -> None:
    played = play(market(), taste)
    for (step, agent), scene in played.scenes.items():
        shown = [f'"{text}" (score: {score})' for text, score in listed(scene).items()]
        assert [text for at, who, _, _, text, _ in played.seen() if (at, who) == (step, agent)] == shown
    assert {(author, kind) for _, _, author, _, _, kind in played.seen()} == {(-1, "item")}


def test_those_who_act_at_once_see_the_scores_of_the_step_before() -> None:
    played = play(market("simultaneous", repeat=2), taste)
    assert all(listed(played.scenes[0, agent]) == dict.fromkeys(SONGS.values(), 0) for agent in range(6))
    assert all(listed(played.scenes[1, agent]) == {"Alpha": 1, "Beta": 3, "Gamma": 1} for agent in range(6))


def test_the_independent_see_no_scores() -> None:
    played = play(market(visible=False), taste)
    assert not any("score" in scene for scene in played.scenes.values())
    assert all(scene.startswith("This is the list:\n- ") for scene in played.scenes.values())
    assert {text for *_, text, _ in played.seen()} == {f'"{song}"' for song in SONGS.values()}
    assert len({tuple(re.findall(r'"(\w+)"', scene)) for scene in played.scenes.values()}) > 1


def test_ranked_lists_begin_with_the_highest_score() -> None:
    played = play(market(order="ranked"), taste)
    for scene in played.scenes.values():
        scores = list(listed(scene).values())
        assert scores == sorted(scores, reverse=True)


def test_seed_votes_are_counted_at_the_start() -> None:
    played = play(market("simultaneous", vote="up_down", seed_votes={"a": 1, "c": -2}), lambda agent, text: "do not vote")
    assert all(listed(scene) == {"Alpha": 1, "Beta": 0, "Gamma": -2} for scene in played.scenes.values())


def test_each_thing_can_be_voted_up_down_or_not_at_all() -> None:
    def judge(agent: int, text: str) -> str:
        question = re.findall(r'What do you do with "(\w+)"', text)[-1]
        return {"Alpha": "vote it up", "Beta": "vote it down", "Gamma": "do not vote"}[question]

    played = play(market("simultaneous", repeat=2, vote="up_down"), judge)
    assert all(listed(played.scenes[1, agent]) == {"Alpha": 6, "Beta": -6, "Gamma": 0} for agent in range(6))
    kinds = [(kind, about) for step, agent, kind, about, _, _ in played.done() if (step, agent) == (0, 0)]
    assert sorted(kinds) == [("down", "b"), ("nothing", ""), ("up", "a")]


def test_a_vote_that_failed_counts_for_nothing() -> None:
    played = play(market("simultaneous", repeat=2), lambda agent, text: "whatever" if agent == 1 else taste(agent, text))
    assert all(listed(played.scenes[1, agent]) == {"Alpha": 1, "Beta": 2, "Gamma": 1} for agent in range(6))
    assert [(kind, status) for _, agent, kind, _, _, status in played.done() if agent == 1] == [("vote", "failed")] * 2


def test_alone_everybody_sees_its_own_votes_only() -> None:
    played = play(market("simultaneous", repeat=2, seed_votes={"c": 4}, arms=["treatment", "alone"]), taste, arm=1)
    for agent in range(6):
        own = taste(agent, "")
        assert listed(played.scenes[1, agent]) == {name: (name == own) + 4 * (name == "Gamma") for name in SONGS.values()}


def test_texts_are_data() -> None:
    spec = market("simultaneous", items={"a": 'Alpha" (score: 99)\n- "Beta', "b": "Beta"})
    scene = play(spec, lambda agent, text: "B").scenes[0, 0]
    assert "- \"Alpha' (score: 99) - 'Beta\" (score: 0)" in scene
    assert scene.count("\n- ") == 2


@pytest.mark.parametrize("options", [{"order": "ranked"}, {"visible": False}, {"vote": "up_down"}], ids=str)
@pytest.mark.parametrize("activation", ["simultaneous", "random_sequential"])
def test_the_result_does_not_depend_on_when_replies_come(activation: str, options: dict[str, Any]) -> None:
    def hashed(agent: int, text: str) -> str:
        return "ABC"[hashlib.sha256(text.encode()).digest()[0] % 3]

    assert same_under_every_execution(market(activation, repeat=2, **options), hashed)


BAD = """\
socsim: 1
name: bad
population: {size: 4}
items: {n: {type: number, text: "How many?", readout: {method: sample}}}
tables: {songs: songs.csv}
schedule:
  - phase: choose
    interaction: {kind: votes, INTERACTION}
    REST
inference: {engine: scripted}
"""
ITEMS = 'items: ["x", "y"]'


@pytest.mark.parametrize(
    ("interaction", "rest", "field", "says"),
    [
        ("options: {vote: one}", "", "options", "either as `items` or as `table`"),
        ('options: {items: ["x", "x"]}', "", "options.items", "stands twice"),
        ('options: {items: ["x", "none of them"]}', "", "options.items", "stands twice"),
        (f"options: {{{ITEMS}, seed_votes: {{z: 1}}}}", "", "options", "'z'"),
        (f"options: {{{ITEMS}, seed_votes: {{x: -1}}}}", "", "options", "vote: up_down"),
        (f"options: {{{ITEMS}, order: ranking}}", "", "options.order", "ranked"),
        (f"at_most: 3, options: {{{ITEMS}}}", "", "interaction.at_most", "no effect"),
        (f"options: {{{ITEMS}}}", "ask: [n]", "ask", "for their votes only"),
        (f"options: {{{ITEMS}}}", "activation: dyads", "activation", "does not go with"),
        ("options: {table: other.csv}", "", "options.table", "other.csv"),
        ("options: {table: songs}", "", "options.table", "no column 'text'"),
    ],
)
def test_bad_options_are_named_with_their_field(tmp_path: Path, interaction: str, rest: str, field: str, says: str) -> None:
    (tmp_path / "songs.csv").write_text("id,title\na,Alpha\n")
    path = tmp_path / "bad.yaml"
    path.write_text(BAD.replace("INTERACTION", interaction).replace("REST", rest))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert problem.field.endswith(field)
    assert says in f"{problem.message}. {problem.fix}"
    assert problem.line > 0


def test_things_may_stand_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_text("id,text\na,Alpha\nb,Beta\n")
    path = tmp_path / "s.yaml"
    path.write_text(BAD.replace("INTERACTION", "options: {table: songs, readout: {method: sample}}").replace("REST", ""))
    spec = load_scenario(path).resolved()
    played = play(spec, lambda agent, text: "Beta")
    assert {about for _, _, _, about, _, _ in played.done()} == {"b"}


def test_first_votes_by_lot_are_drawn_for_every_replicate_and_shown() -> None:
    things = {str(number): f"thing{number}" for number in range(9)}
    spec = market("simultaneous", items=things, vote="up_down", seed_by_lot={"up": 3, "down": 2})
    played = play(spec, lambda agent, text: "do not vote")
    scores = [listed(scene) for scene in played.scenes.values()]
    assert all(one == scores[0] for one in scores)
    assert sorted(scores[0].values()) == [-1, -1, 0, 0, 0, 0, 1, 1, 1]
    options = VotesOptions(items=things, vote="up_down", seed_by_lot={"up": 3, "down": 2})
    assert first_votes(options, 1) == first_votes(options, 1)
    drawn = [frozenset(first_votes(options, seed).items()) for seed in range(200)]
    assert len(set(drawn)) > 100
    ups = [sum((thing, 1) in one for one in drawn) for thing in things]
    assert all(40 < count < 95 for count in ups)  # 200 · 3/9 = 67, SD 6.7
    assert first_votes(VotesOptions(items=things), 1) == {}


def test_lots_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="names 4 of the 3 things"):
        VotesOptions(items=SONGS, vote="up_down", seed_by_lot={"up": 2, "down": 2})
    with pytest.raises(ValueError, match="go with vote: up_down"):
        VotesOptions(items=SONGS, seed_by_lot={"down": 1})
