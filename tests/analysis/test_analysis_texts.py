"""Shares of messages and a sample to read."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.texts import message_shares, normalised_text, sample_messages


def test_shares_are_counted_by_hand() -> None:
    run = fake_run(Recipe(arms=("treatment",)))
    rows = run.messages.head(6).copy()
    rows["agent"], rows["step"] = [0, 0, 0, 1, 1, 1], [1, 2, 3, 1, 2, 3]
    rows["text"] = ["I agree.", "i  agree", "No!", "I agree.", "", ""]
    rows["status"] = ["ok", "ok", "ok", "ok", "empty", "failed"]
    rows["cut_off"] = [True, False, False, False, False, False]
    (shares,) = message_shares(replace(run, messages=rows))
    assert (shares.asked, shares.written) == (6, 4)
    assert (shares.empty, shares.failed, shares.cut_off) == pytest.approx((1 / 6,) * 3)
    assert shares.duplicate == pytest.approx(1 / 4)
    assert shares.duplicate_normalised == pytest.approx(2 / 4)
    assert shares.own_repeat == pytest.approx(1 / 2)


def test_run_without_messages_has_no_shares() -> None:
    assert message_shares(money_run()) == ()
    assert sample_messages(money_run(), np.random.default_rng(1)) == ()


def test_sample_is_seeded_and_shows_opinion_before_and_after() -> None:
    run = fake_run()
    sample = sample_messages(run, np.random.default_rng(1), per_arm=5)
    assert sample == sample_messages(run, np.random.default_rng(1), per_arm=5)
    assert [message.arm for message in sample] == ["treatment"] * 5 + ["alone"] * 5 + ["shuffled"] * 5
    rows = run.responses.set_index(["arm", "replicate", "agent", "step"])["expected"]
    for message in sample:
        where = (message.arm, message.replicate, message.agent)
        assert message.after == rows[(*where, message.step)] or math.isnan(message.after)
        assert message.before == rows[(*where, message.step - 1)] or math.isnan(message.before)
        assert message.arm != "alone" or message.read == ()
    assert any(message.read for message in sample)


def test_normalising_keeps_other_scripts() -> None:
    assert normalised_text("Да, — Да!") == "да да"
    assert normalised_text("ﬁne…") == "fine"
    assert normalised_text("?!") == ""
