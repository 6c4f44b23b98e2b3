"""What an engine cannot do is refused before the first call, all of it at once, by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from socsim.errors import Problem, ScenarioError
from socsim.inference.types import Capabilities
from socsim.readouts.checking import ENGINES_THAT_CAN, check_capabilities, unmet_wishes
from socsim.scenario import Scenario

Make = Callable[..., Scenario]
ABLE: dict[str, Any] = {"chat": True, "plain": True, "score": True, "token_ids": True, "parallel": 1}


def wishes(make: Make, able: dict[str, Any], item: dict[str, Any] | None = None, **changes: Any) -> list[Problem]:
    if item is not None:
        changes["items"] = {"tax": {"type": "ordinal", "text": "Tax?", "options": ["no", "so", "yes"], **item}}
    return unmet_wishes(make(**changes), Capabilities(**ABLE | able), "openai")


@pytest.mark.parametrize(
    ("able", "item", "changes", "field", "ability"),
    [
        ({"score": False}, {}, {}, "items.tax.readout.method", "score"),
        ({"chat": False}, {"readout": {"style": "chat"}}, {}, "items.tax.readout.style", "chat"),
        ({"plain": False}, {"readout": {"style": "plain"}}, {}, "items.tax.readout.style", "plain"),
        ({"plain": False}, {"readout": {"method": "cloze", "frames": ["I {option}."]}}, {}, "items.tax.readout.method", "plain"),
        (
            {"whole_options": False},
            {"readout": {"method": "cloze", "frames": ["I {option}."]}},
            {},
            "items.tax.readout.method",
            "whole_options",
        ),
        (
            {"prefill": False},
            {"readout": {"method": "cloze", "style": "chat", "frames": ["I {option}."]}},
            {},
            "items.tax.readout.method",
            "prefill",
        ),
        ({"whole_options": False}, {"readout": {"labels": ["roman"]}}, {}, "items.tax.readout.labels", "whole_options"),
        ({"prefill": False}, {}, {"prompts": {"say_prefix": "I think"}}, "prompts.say_prefix", "prefill"),
        (
            {"sampling": ("temperature", "top_p")},
            {},
            {"inference": {"engine": "scripted", "profiles": {"say": {"top_k": 5}}}},
            "inference.profiles.say.top_k",
            "sampling",
        ),
        (
            {},
            {},
            {"inference": {"engine": "openai", "steering": {"vector": "v.npy", "layer": 3}}},
            "inference.steering",
            "steering",
        ),
        ({}, {}, {"inference": {"engine": "openai", "adapter": "mine"}}, "inference.adapter", "adapters"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named_with_the_engines_that_can(
    make_debate: Make, able: dict[str, Any], item: dict[str, Any], changes: dict[str, Any], field: str, ability: str
) -> None:
    (problem,) = wishes(make_debate, able, item, **changes)
    assert problem.field == field
    assert ENGINES_THAT_CAN[ability] in problem.fix
    able_one = {name: True for name in able if name != "sampling"} | {"steering": True, "adapters": True}
    assert wishes(make_debate, able_one, item, **changes) == []


@pytest.mark.parametrize(
    ("options", "able", "wanted"),
    [
        (20, {"prefill": False}, None),
        (21, {"prefill": False}, 21),
        (10, {}, None),
        (11, {}, 22),
        (21, {"most_candidates": 0}, None),
    ],
)
def test_more_candidates_than_are_listed_are_counted_and_refused(
    make_debate: Make, options: int, able: dict[str, Any], wanted: int | None
) -> None:
    item = {"options": [f"option {i}" for i in range(options)], "readout": {"labels": ["letters"]}}
    problems = wishes(make_debate, {"most_candidates": 20, "whole_options": False} | able, item)
    if wanted is None:
        assert problems == []
        return
    (problem,) = problems
    assert problem.field == "items.tax.readout.method"
    assert f"{wanted} log-probabilities are needed" in problem.message
    assert "at most 20" in problem.message


@pytest.mark.parametrize(("options", "readout", "field"), [
    (27, {"score": "whole_option"}, "items.tax.readout.score"),
    (10, {"labels": ["letters", "digits"]}, "items.tax.readout.labels"),
])  # fmt: skip
def test_labels_of_several_tokens_are_refused_where_single_ones_are_scored(
    make_debate: Make, options: int, readout: dict[str, Any], field: str
) -> None:
    item = {"options": [f"option {i}" for i in range(options)], "readout": readout}
    (problem,) = wishes(make_debate, {"whole_options": False}, item)
    assert problem.field == field
    assert wishes(make_debate, {}, item) == []


def test_whole_options_become_letters_where_only_single_tokens_are_scored(make_debate: Make) -> None:
    assert wishes(make_debate, {"whole_options": False}, {"readout": {"score": "whole_option"}}) == []


def test_everything_is_said_at_once(make_debate: Make) -> None:
    scenario = make_debate(
        prompts={"say_prefix": "I think"}, inference={"engine": "openai", "adapter": "a", "profiles": {"sample": {"min_p": 0.1}}}
    )
    able = Capabilities(**ABLE | {"score": False, "prefill": False, "sampling": ()})
    with pytest.raises(ScenarioError) as caught:
        check_capabilities(scenario, able, "openai")
    assert [problem.field for problem in caught.value.problems] == [
        "inference.adapter",
        "inference.profiles.sample.min_p",
        "prompts.say_prefix",
        "items.tax.readout.method",
    ]


def test_a_wish_of_one_arm_is_named_with_the_arm(make_debate: Make) -> None:
    arms = ["treatment", {"other": {"items": {"tax": {"readout": {"method": "cloze", "frames": ["I {option}."]}}}}}]
    (problem,) = wishes(make_debate, {"whole_options": False}, arms=arms)
    assert problem.message.endswith("(in arm 'other')")


def test_a_scripted_stand_in_takes_no_notice_of_what_would_change_the_model(make_debate: Make) -> None:
    scenario = make_debate(
        inference={"engine": "transformers", "model": "x", "adapter": "a", "steering": {"vector": "v", "layer": 1}}
    )
    check_capabilities(scenario, Capabilities(**ABLE), "scripted")
