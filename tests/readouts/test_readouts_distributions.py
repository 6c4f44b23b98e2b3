"""Distributions that the model states."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from readout_doubles import BOOK, SCALE, Answering, ask

from socsim.inference.manner import Manner
from socsim.inference.types import Completion
from socsim.items import ItemFailure, Response
from socsim.readouts import Context
from socsim.readouts.distributions import expert_head

CONSTRAINED = Manner(constrained=True)


def stated(*percentages: float) -> str:
    return json.dumps(dict(zip("ABCD", percentages, strict=False)))


def answers(*given: tuple[str, float]) -> str:
    return json.dumps({"answers": [{"answer": answer, "probability": p} for answer, p in given]})


def test_percentages_are_put_into_scale_order_and_averaged_over_both_directions() -> None:
    calls = Answering(texts=[stated(10, 20, 70), stated(50, 20, 30)])
    answer = ask({**SCALE, "readout": {"method": "verbalized"}}, calls, u=0.99)
    assert isinstance(answer, Response)
    assert [reading.order for reading in answer.readings] == ["forward", "backward"]
    assert answer.readings[1].probabilities == pytest.approx((0.3, 0.2, 0.5))
    assert answer.probabilities == pytest.approx((0.2, 0.2, 0.6))
    assert (answer.method, answer.option, answer.u, answer.mass) == ("verbalized", "yes", 0.99, 1.0)
    assert answer.expected == pytest.approx(2.4)


def test_the_draw_is_our_own_and_follows_u() -> None:
    spec = {**SCALE, "readout": {"method": "verbalized", "orders": "fixed"}}
    drawn = [ask(spec, Answering(texts=[stated(10, 20, 70)]), u) for u in (0.05, 0.25, 0.35)]
    assert [answer.option for answer in drawn if isinstance(answer, Response)] == ["no", "maybe", "yes"]


def test_the_form_and_its_schema_name_every_label() -> None:
    calls = Answering(texts=[stated(10, 20, 60, 10)])
    spec = {**SCALE, "non_answers": ["don't know"], "readout": {"method": "verbalized", "orders": "fixed"}}
    answer = ask(spec, calls, u=0.95, manner=CONSTRAINED)
    assert isinstance(answer, Response)
    assert (answer.answered, answer.option, answer.value) == (False, "don't know", None)
    assert calls.requests[0].segments[-1].text.endswith('{"A": …, "B": …, "C": …, "D": …}')
    schema = json.loads(calls.requests[0].constraint)
    assert schema["required"] == ["A", "B", "C", "D"]
    assert schema["additionalProperties"] is False


def test_a_sum_that_misses_a_hundred_a_little_is_normalised_and_said() -> None:
    answer = ask({**SCALE, "readout": {"method": "verbalized", "orders": "fixed"}}, Answering(texts=[stated(33, 33, 33)]))
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert answer.how == ("normalised from a sum of 0.99",)
    assert answer.mass == pytest.approx(0.99)


def test_one_bad_order_makes_the_answer_fail_after_all_its_attempts() -> None:
    calls = Answering(texts=[stated(10, 20, 70), stated(1, 1, 1), stated(2, 2, 2), stated(3, 3, 3)])
    answer = ask({**SCALE, "readout": {"method": "verbalized"}}, calls, repair=1)
    assert isinstance(answer, ItemFailure)
    assert [failure.reason for failure in answer.failures] == ["wrong_sum"] * 3
    assert calls.paths == [
        ("ask.x/letters/forward/0", 0),
        ("ask.x/letters/backward/0", 0),
        ("ask.x/letters/backward/0", 1),
        ("ask.x/letters/backward/0", 2),
    ]


def test_a_repaired_order_is_counted() -> None:
    calls = Answering(texts=["I cannot", "I will not", stated(10, 20, 70)])
    answer = ask({**SCALE, "readout": {"method": "verbalized", "orders": "fixed"}}, calls, repair=1)
    assert isinstance(answer, Response)
    assert [reading.repaired for reading in answer.readings] == [1]


def test_a_reply_that_was_cut_off_is_never_read() -> None:
    cut = Completion(stated(10, 20, 70), "length")
    answer = ask({**SCALE, "readout": {"method": "verbalized", "orders": "fixed"}}, Answering(texts=[cut, cut]))
    assert isinstance(answer, ItemFailure)
    assert answer.failures[-1].reason == "cut_off"


def test_several_replies_are_drawn_together_and_averaged() -> None:
    calls = Answering(texts=[stated(0, 0, 100), stated(100, 0, 0)])
    answer = ask({**SCALE, "readout": {"method": "verbalized", "orders": "fixed", "n": 2}}, calls)
    assert isinstance(answer, Response)
    assert calls.batches == [2]
    assert answer.probabilities == (0.5, 0.0, 0.5)


def test_answers_with_probabilities_are_added_up_per_option() -> None:
    calls = Answering(texts=[answers(("C", 0.3), ("C", 0.2), ("A", 0.25))])
    spec = {**SCALE, "readout": {"method": "verbalized_sampling", "answers": 3, "orders": "fixed"}}
    answer = ask(spec, calls, manner=CONSTRAINED)
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((1 / 3, 0.0, 2 / 3))
    assert answer.mass == pytest.approx(0.75)
    assert answer.how == ("normalised from a sum of 0.75",)
    assert "Give 3 answers" in calls.requests[0].segments[-1].text
    items = json.loads(calls.requests[0].constraint)["properties"]["answers"]
    assert (items["minItems"], items["maxItems"]) == (3, 3)
    assert items["items"]["properties"]["answer"]["enum"] == ["A", "B", "C"]


def prompts(calls: Answering) -> Sequence[tuple[str, str]]:
    return [(segment.role, segment.text) for segment in calls.requests[0].segments]


def test_an_expert_speaks_of_people_and_is_nobody() -> None:
    calls = Answering(texts=[stated(10, 20, 70)])
    answer = ask({**SCALE, "readout": {"method": "expert", "orders": "fixed"}}, calls)
    assert isinstance(answer, Response)
    assert answer.method == "expert"
    assert answer.probabilities == pytest.approx((0.1, 0.2, 0.7))
    (system, first), (role, second), (_, question) = prompts(calls)
    assert (system, first) == ("system", "You forecast how people answer the questions of a survey.")
    assert (role, second) == ("user", "The forecast is for people of whom this is true:\nname: Ann\n")
    assert "You are Ann." not in first + second + question
    assert "What percentage of these people gives each answer?" in question


def test_without_anything_known_the_forecast_is_for_the_population() -> None:
    assert [segment.text for segment in expert_head(BOOK, Context(), "chat")][1:] == [
        "The forecast is for the general population.\n"
    ]


def test_what_people_have_read_before_is_part_of_the_forecast() -> None:
    context = Context("You are Ann.", "Last time you wrote: x\n", "People wrote: y\n", "name: Ann")
    text = expert_head(BOOK, context, "chat")[1].text
    assert text.endswith("Before they answer, they are shown this text:\nLast time you wrote: x\nPeople wrote: y\n\n")


def test_bare_text_has_the_same_parts_and_a_beginning_of_the_reply() -> None:
    calls = Answering(texts=[stated(10, 20, 70)])
    ask({**SCALE, "readout": {"method": "expert", "orders": "fixed", "style": "plain"}}, calls)
    text = "".join(part for _, part in prompts(calls))
    assert text.startswith("You forecast how people answer the questions of a survey.\nThe forecast is for people")
    assert text.endswith("\nAnswer:")
