from __future__ import annotations

import re
from pathlib import Path

import pytest
from experiments import asked, level_of, written

from socsim import replay
from socsim.errors import ScenarioError
from socsim.scenario import load_scenario

BATTERY = """
schedule: [{phase: battery, interaction: {kind: survey, options: {}}, ask: [support, worth, cost]}]
"""
CARRIED = BATTERY.replace("options: {}", "options: {carry_over: true}")
SHUFFLED = BATTERY.replace("options: {}", "options: {order: random, carry_over: true}")
TEXTS = {"support": "Do you support it?", "worth": "Is it worth it?", "cost": "What does it cost?"}
EARLIER = re.compile(r'Before, you were asked: "(.+?)" You answered: (.+)')


def test_each_item_is_asked_in_a_fresh_context(tmp_path: Path) -> None:
    done = asked(written(tmp_path, BATTERY), tmp_path / "run")
    for number in range(6):
        for text in TEXTS.values():
            (prompt,) = done.of(number, text)
            assert sum(other in prompt for other in TEXTS.values()) == 1
            assert "Before" not in prompt
    assert done.run.trials.empty
    assert done.run.seen.empty


def test_carried_over_later_items_stand_behind_the_persons_own_drawn_answers(tmp_path: Path) -> None:
    done = asked(written(tmp_path, CARRIED), tmp_path / "run")
    rows = done.run.responses
    numbers = dict(zip(done.run.agents["agent"], done.run.agents["fact_number"], strict=True))
    for agent, number in numbers.items():
        own = rows[rows["agent"] == agent].set_index("item")["option"]
        (last,) = done.of(int(number), TEXTS["cost"])
        assert EARLIER.findall(last) == [(TEXTS["support"], own["support"]), (TEXTS["worth"], own["worth"])]
        (second,) = [prompt for prompt in done.of(int(number), TEXTS["worth"]) if TEXTS["cost"] not in prompt]
        assert EARLIER.findall(second) == [(TEXTS["support"], own["support"])]
        first = [prompt for prompt in done.of(int(number), TEXTS["support"]) if not EARLIER.search(prompt)]
        assert len(first) == 1


def test_the_order_is_drawn_for_each_person_and_kept(tmp_path: Path) -> None:
    done = asked(written(tmp_path, SHUFFLED, size=9), tmp_path / "run")
    orders = level_of(done, "survey.order")
    assert len({order for (order,) in orders.values()}) > 2
    for number, (order,) in orders.items():
        names = order.split(", ")
        assert sorted(names) == sorted(TEXTS)
        (last,) = [prompt for prompt in done.of(number, TEXTS[names[-1]]) if len(EARLIER.findall(prompt)) == 2]
        assert [text for text, _ in EARLIER.findall(last)] == [TEXTS[name] for name in names[:-1]]


def test_orders_and_numbers_that_draw_answers_are_the_same_in_all_arms(tmp_path: Path) -> None:
    fresh = "arms: {treatment: {}, fresh: {phases: {battery: {interaction: {options: {carry_over: false}}}}}}\n"
    done = asked(written(tmp_path, SHUFFLED + fresh), tmp_path / "run")
    assert level_of(done, "survey.order") == level_of(done, "survey.order", "fresh")
    drawn = done.run.responses[done.run.responses["item"] != "cost"].pivot(index=["agent", "item"], columns="arm", values="u")
    assert (drawn["treatment"] == drawn["fresh"]).all()


def test_a_failed_answer_is_not_carried_over(tmp_path: Path) -> None:
    path = written(tmp_path, CARRIED.replace("[support, worth, cost]", "[cost, support]"))
    done = asked(path, tmp_path / "run", reply="no idea")
    assert set(done.run.responses.set_index("item").loc["cost", "status"]) == {"failed"}
    assert not any(EARLIER.search(prompt) for prompt in done.prompts)


def test_the_words_of_what_is_carried_over_are_the_scenarios_own(tmp_path: Path) -> None:
    own = "options: {carry_over: true}, wording: {earlier: '{item} -> {option}; '}"
    done = asked(written(tmp_path, BATTERY.replace("options: {}", own)), tmp_path / "run")
    assert re.search(r"Do you support it\? -> (no|rather no|rather yes|yes); Is it worth it\? -> ", done.of(3, "cost")[0])


def test_the_result_does_not_depend_on_when_replies_come_and_is_replayed(tmp_path: Path) -> None:
    path = written(tmp_path, SHUFFLED)
    first = asked(path, tmp_path / "0", execution="sequential").run
    other = asked(path, tmp_path / "1", latency_seed=3).run
    for name in ("responses", "trials", "events"):
        assert first.table(name).equals(other.table(name))
    assert replay(tmp_path / "1").verified


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("options: {}", "options: {order: shuffled}", "schedule.0.interaction.options.order"),
        ("options: {}", "options: {carry: true}", "schedule.0.interaction.options.carry"),
        ("options: {}", "show: message", "schedule.0.interaction.show"),
        ("options: {}", "wording: {stimulus: a}", "schedule.0.interaction.wording.stimulus"),
    ],
)
def test_bad_options_are_named_with_their_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(tmp_path, BATTERY, replace={old: new}))
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.line > 0
