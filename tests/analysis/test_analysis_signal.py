"""The signal check says what the model reacts to, and says it plainly when it does not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.signal import reading_values, signal_check, verdict

from socsim.measures import mean_pairwise_difference


def test_movements_are_what_the_run_was_made_with() -> None:
    run = fake_run(Recipe(order_shift=0.1, failing=frozenset()))
    signal = signal_check(run, "services")
    first = run.responses[(run.responses["arm"] == "treatment") & (run.responses["step"] == 0)]["expected"]
    assert signal.persona.size == pytest.approx(mean_pairwise_difference(first))
    assert signal.persona.sd == pytest.approx(first.std())
    assert signal.order.size == pytest.approx(0.1, abs=0.005)
    assert signal.labels.size == pytest.approx(0.0, abs=1e-12)
    assert signal.order.n == 2 * len(run.responses)
    assert signal.mass == pytest.approx(0.2)
    wide = run.responses.pivot(index=["agent", "step"], columns="arm", values="expected").query("step >= 2")
    assert signal.messages.size == pytest.approx((wide["treatment"] - wide["alone"]).abs().mean())
    assert signal.messages.n == 34 * 3


def test_a_model_that_reacts_is_said_to_react() -> None:
    text = " ".join(verdict(signal_check(fake_run(Recipe(order_shift=0.02)), "services")))
    assert "does not react" not in text
    assert "move more with persona" in text


def test_a_model_that_follows_the_order_of_options_is_said_not_to_react() -> None:
    text = verdict(signal_check(fake_run(Recipe(weight=0.0, order_shift=3.0)), "services"))[0]
    assert text == "On this item the model does not react to persona or to messages."


def test_a_model_deaf_to_messages_only() -> None:
    text = verdict(signal_check(fake_run(Recipe(weight=0.0, order_shift=0.1)), "services"))
    assert text[0] == "On this item the model does not react to messages."


def test_reading_values_leave_non_answers_out() -> None:
    run = fake_run()
    rows = run.readings.head(2).copy()
    rows["probabilities"] = [[0, 0, 0, 0.25, 0, 0, 0.25, 0.5], [0] * 7 + [1]]
    values = reading_values(replace(run, readings=rows), "services")["x"].tolist()
    assert values[0] == pytest.approx(5.5)
    assert math.isnan(values[1])


def test_one_reading_cannot_be_assessed() -> None:
    run = money_run()
    run = replace(run, readings=run.readings[run.readings["reading"] == 0])
    assert "Not assessed" in verdict(signal_check(run, "request"))[0]


def test_without_an_alone_arm_messages_are_not_assessed() -> None:
    signal = signal_check(fake_run(Recipe(arms=("treatment",))), "services")
    assert not signal.messages.known
    assert any("messages: not assessed" in sentence for sentence in verdict(signal))


def test_people_with_one_persona_cannot_show_a_reaction_to_it() -> None:
    signal = signal_check(money_run(), "request")
    assert not signal.persona.known
    (sentence,) = verdict(signal)
    assert sentence.startswith("Not assessed")
    assert "does not react" not in sentence
