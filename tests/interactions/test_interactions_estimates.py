from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crowds import play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.interactions.estimates import number_in_words
from socsim.scenario import Scenario, load_scenario

GUESSES = {0: "10", 1: "20", 2: "30", 3: "100"}
ITEM = {"type": "number", "text": "How many?", "range": [0, 1000], "truth": 40, "readout": {"method": "sample"}}


def crowd(graph: dict[str, Any] | None = None, arms: list[Any] | None = None, **interaction: Any) -> Scenario:
    seeing = {"kind": "estimates", "see": "answers", "summary": "mean", **interaction}
    phases = [{"phase": "first", "ask": ["n"]}, {"phase": "second", "interaction": seeing, "ask": ["n"]}]
    network = {"network": {"graph": graph}} if graph else {}
    return scenario(phases, items={"n": ITEM}, **network, **({"arms": arms} if arms else {}))


def guess(agent: int, text: str) -> str:
    return GUESSES[agent]


def test_everybody_sees_the_mean_of_what_all_others_answered_before() -> None:
    played = play(crowd(of="all"), guess)
    means = {0: "50", 1: "46.6667", 2: "43.3333", 3: "20"}
    assert played.seen() == [(1, agent, -1, 0, mean, "mean") for agent, mean in means.items()]
    for agent, mean in means.items():
        assert played.scenes[0, agent] == ""
        words = f"Other people have answered the same question. The average of their answers is {mean}.\n"
        assert played.scenes[1, agent] == words
        assert sum(words.strip() in prompt and f"number {agent}." in prompt for prompt in played.prompts) == 1


def test_the_median_is_not_moved_by_one_that_is_far_off() -> None:
    assert [text for *_, text, kind in play(crowd(of="all", summary="median"), guess).seen() if kind == "median"] == [
        "30", "30", "20", "20"
    ]  # fmt: skip


def test_each_shows_all_numbers_with_their_authors() -> None:
    played = play(crowd(of="all", summary="each"), guess)
    assert {(author, text) for step, agent, author, _, text, _ in played.seen() if agent == 3} == {
        (0, "10"),
        (1, "20"),
        (2, "30"),
    }
    shown = played.scenes[1, 3].removeprefix("Other people have answered the same question. Their answers are: ")
    assert sorted(shown.removesuffix(".\n").split(", ")) == ["10", "20", "30"]


def test_none_shows_nothing_and_so_does_the_arm_alone() -> None:
    assert play(crowd(of="all", summary="none"), guess).seen() == []
    alone = play(crowd(of="all", arms=["treatment", "alone"]), guess, arm=1)
    assert alone.seen() == []
    assert set(alone.scenes.values()) == {""}


def test_on_a_star_everybody_sees_the_hub_and_the_hub_sees_everybody() -> None:
    shown = {agent: text for _, agent, _, _, text, _ in play(crowd({"star": {}}), guess).seen()}
    hub = next(agent for agent, own in GUESSES.items() if all(shown[other] == own for other in GUESSES if other != agent))
    others = [float(own) for agent, own in GUESSES.items() if agent != hub]
    assert float(shown[hub]) == pytest.approx(sum(others) / 3, abs=1e-3)


def test_an_answer_that_failed_is_not_part_of_what_is_shown() -> None:
    played = play(crowd(of="all"), lambda agent, text: "no idea" if agent == 3 else GUESSES[agent])
    assert {agent: text for _, agent, _, _, text, _ in played.seen()} == {0: "25", 1: "20", 2: "15", 3: "20"}


@pytest.mark.parametrize(
    ("signal", "shown"), [({"value": 300}, "300"), ({"column": "truth", "times": 1.5}, "60"), ({"column": "signal"}, "7")]
)
def test_a_signal_is_shown_to_all_as_if_it_came_from_others(signal: dict[str, Any], shown: str) -> None:
    spec = crowd(of="all", options={"signal": signal})
    spec = Scenario.model_validate(spec.model_dump(by_alias=True) | {"items": {"n": {**ITEM, "signal": 7}}})
    played = play(spec, guess)
    assert played.seen() == [(1, agent, -1, 1, shown, "signal") for agent in GUESSES]
    assert {played.scenes[1, agent] for agent in GUESSES} == {
        f"Other people have answered the same question. The average of their answers is {shown}.\n"
    }


def test_whoever_acts_later_sees_what_earlier_ones_answered_in_the_same_step() -> None:
    phases = [
        {
            "phase": "p",
            "activation": "random_sequential",
            "interaction": {"kind": "estimates", "see": "answers", "of": "all", "summary": "each"},
            "ask": ["n"],
        }
    ]
    played = play(scenario(phases, items={"n": ITEM}), guess)
    numbers = sorted(sum(row[1] == agent for row in played.seen()) for agent in GUESSES)
    assert numbers == [0, 1, 2, 3]
    assert {author_step for *_, author_step, _, _ in played.seen()} == {0}


def test_the_result_does_not_depend_on_when_replies_come() -> None:
    def hashed(agent: int, text: str) -> str:
        return str(int(hashlib.sha256(text.encode()).hexdigest()[:2], 16))

    seeing = {"kind": "estimates", "see": "answers", "summary": "each", "at_most": 2}
    phases = [{"phase": "p", "repeat": 5, "activation": "random_sequential", "interaction": seeing, "ask": ["n"]}]
    network = {"graph": {"watts_strogatz": {"k": 4, "p": 0.2}}}
    assert same_under_every_execution(scenario(phases, 10, items={"n": ITEM}, network=network), hashed)


@pytest.mark.parametrize(
    ("value", "words"),
    [(1234567.8, "1234568"), (0.1 + 0.2, "0.3"), (206.0, "206"), (1e12, "1000000000000"), (0.00001, "0.00001"), (-2.5, "-2.5")],
)
def test_numbers_are_shown_without_exponents(value: float, words: str) -> None:
    assert number_in_words(value) == words


BAD = """\
socsim: 1
name: bad
population: {size: 4}
items:
  n: {type: number, text: "How many?", readout: {method: sample}}
  v: {type: ordinal, text: "More?", options: ["no", "yes"]}
schedule:
  - phase: first
    ask: [n]
  - phase: second
    interaction: {kind: estimates, INTERACTION}
    ask: [ITEM]
inference: {engine: scripted}
"""


@pytest.mark.parametrize(
    ("interaction", "item", "field", "says"),
    [
        ("of: all, summary: mean", "n", "interaction.see", "Write see: answers"),
        ("of: all, see: answers", "n", "interaction", "Add `summary: mean`"),
        ("of: all, see: answers, summary: mean", "v", "ask.0", "type: number"),
        ("see: answers, summary: mean", "n", "interaction", "needs a network"),
        ("of: all, see: answers, summary: none, options: {signal: {value: 3}}", "n", "options.signal", "nothing is shown"),
        ("of: all, see: answers, summary: mean, options: {signal: {column: truth}}", "n", "signal.column", "has no truth"),
        ("of: all, see: answers, summary: mean, options: {signal: {}}", "n", "options.signal", "one source"),
        ("of: all, see: answers, summary: mean, options: {signl: {value: 3}}", "n", "options.signl", "not permitted"),
        ("of: all, see: answers, summary: mean, wording: {mean: '{values}'}", "n", "wording.mean", "no slot 'values'"),
    ],
)
def test_bad_options_are_named_with_their_field(tmp_path: Path, interaction: str, item: str, field: str, says: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD.replace("INTERACTION", interaction).replace("ITEM", item))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert problem.field.endswith(field)
    assert says in f"{problem.message}. {problem.fix}"
    assert problem.line in (11, 12)


def test_a_signal_may_stand_in_the_table_of_items(tmp_path: Path, write: Callable[[Path, str], Path]) -> None:
    write(tmp_path / "q.csv", "id,text,signal\na,How many?,300\n")
    text = BAD.replace("INTERACTION", "of: all, see: answers, summary: mean, options: {signal: {column: signal}}")
    head, rest = text.split("items:")
    items = "items: {for_each: {table: q.csv}, template: {type: number, readout: {method: sample}}}\n"
    body = "schedule:" + rest.split("schedule:")[1].replace("ITEM", "a").replace("ask: [n]", "ask: [a]")
    loaded = load_scenario(write(tmp_path / "s.yaml", head + items + body))
    played = play(loaded.resolved(), guess)
    assert {text for *_, text, _ in played.seen()} == {"300"}


@pytest.fixture
def write() -> Callable[[Path, str], Path]:
    def written(path: Path, text: str) -> Path:
        path.write_text(text, encoding="utf-8")
        return path

    return written
