from __future__ import annotations

import pytest

from socsim.inference.manner import Manner
from socsim.inference.types import Segment
from socsim.prompts import PromptBook
from socsim.readouts.asking import Context, head
from socsim.readouts.plans import label_set, option_values
from socsim.readouts.preparing import prepare_item
from socsim.scenario.asking import ItemSpec, PromptsSpec

BOOK = PromptBook.from_spec(PromptsSpec())
CHAT = Manner()


def ordinal(**changes: object) -> ItemSpec:
    return ItemSpec.model_validate({"type": "ordinal", "text": "Cut taxes?", "options": ["no", "maybe", "yes"], **changes})


def test_an_ordered_scale_is_asked_in_both_directions_and_with_two_label_sets() -> None:
    item = prepare_item("tax", ordinal(), BOOK, CHAT)
    assert [(plan.order, plan.labels) for plan in item.plans] == [
        ("forward", "letters"),
        ("backward", "letters"),
        ("forward", "digits"),
        ("backward", "digits"),
    ]


def test_the_label_stays_with_its_position_and_the_owner_with_its_option() -> None:
    item = prepare_item("tax", ordinal(), BOOK, CHAT)
    forward, backward = item.plans[:2]
    assert "A. no\nB. maybe\nC. yes" in forward.tail[0].text
    assert "A. yes\nB. maybe\nC. no" in backward.tail[0].text
    assert dict(zip(forward.candidates, forward.owner, strict=True))[" A"] == 0
    assert dict(zip(backward.candidates, backward.owner, strict=True))[" A"] == 2


def test_surface_forms_of_a_label_have_one_owner() -> None:
    plan = prepare_item("tax", ordinal(), BOOK, CHAT).plans[0]
    assert plan.candidates[:2] == (" A", "A")
    assert plan.owner[:2] == (0, 0)


def test_values_are_ranks_unless_the_options_are_numbers() -> None:
    assert option_values(ordinal()) == (1.0, 2.0, 3.0)
    assert option_values(ordinal(options=["11", "12"])) == (11.0, 12.0)
    assert option_values(ordinal(values=[-1, 0, 1])) == (-1.0, 0.0, 1.0)


def test_whole_options_are_shown_without_labels() -> None:
    spec = ordinal(options=["11", "12"], readout={"method": "logprob", "score": "whole_option"})
    plan = prepare_item("request", spec, BOOK, CHAT).plans[0]
    assert "- 11\n- 12" in plan.tail[0].text
    assert plan.candidates == (" 11", "11", " 12", "12")


def test_a_sentence_is_begun_up_to_its_option() -> None:
    readout = {"method": "cloze", "frames": ["On taxes I say {option}."]}
    plan = prepare_item("tax", ordinal(readout=readout), BOOK, CHAT).plans[0]
    assert plan.style == "plain"
    assert plan.tail == (Segment("user", "On taxes I say"),)
    assert plan.candidates == (" no", " maybe", " yes")


def test_through_the_chat_template_the_whole_sentence_is_shown_before_it_is_begun() -> None:
    readout = {"method": "cloze", "style": "chat", "frames": ["I say {option} to lower taxes."]}
    plan = prepare_item("tax", ordinal(readout=readout), BOOK, CHAT).plans[0]
    assert plan.tail == (Segment("user", "Complete this sentence: I say … to lower taxes."), Segment("assistant", "I say"))


def test_a_frame_needs_exactly_one_option_slot() -> None:
    with pytest.raises(ValueError, match="exactly one slot"):
        prepare_item("tax", ordinal(readout={"method": "cloze", "frames": ["{option} {option}"]}), BOOK, CHAT)


def test_a_content_free_question_differs_in_the_item_alone() -> None:
    plan = prepare_item("tax", ordinal(readout={"correction": "content_free"}), BOOK, CHAT).plans[0]
    assert [blank[0].text for blank in plan.blanks] == [plan.tail[0].text.replace("Cut taxes?", "N/A")]


def test_end_points_only_prints_the_ends_and_the_non_answers() -> None:
    plan = prepare_item("tax", ordinal(end_points_only=True, non_answers=["don't know"]), BOOK, CHAT).plans[0]
    assert "maybe" not in plan.tail[0].text
    assert "from A (no) to C (yes)" in plan.tail[0].text
    assert "D. don't know" in plan.tail[0].text


def test_a_label_set_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="26 labels, 27"):
        label_set("letters", 27)


def test_the_prompt_goes_from_most_shared_to_least_shared_and_leaves_out_what_is_empty() -> None:
    segments = head(BOOK, Context("You are Ann.", "Last time you wrote: x\n", "People wrote: y\n"), "chat")
    assert [segment.role for segment in segments] == ["system", "user"]
    assert segments[0].text.startswith("You are Ann.")
    assert segments[1].text.index("Last time") < segments[1].text.index("People wrote")
    assert [segment.role for segment in head(BOOK, Context("You are Ann."), "chat")] == ["system"]
    assert head(BOOK, Context(), "plain") == ()
