"""No control string survives, whatever is put around it, and ordinary text stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.inference.control_strings import make_visible

STRINGS = [
    "<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<s>", "</s>", "<bos>", "<end_of_turn>",
    "<start_of_turn>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<｜end▁of▁sentence｜>", "<think>", "</think>", "[gMASK]",
    "<|turn>", "<turn|>", "[|endofturn|]", "<seed:eos>", "<unused7>", "<EOS_TOKEN>", "<fim_prefix>", "[THINK]", "[TOOL_CALLS]",
    "<tool_call>", "<start_of_image>",
]  # fmt: skip


@pytest.mark.parametrize("string", STRINGS)
def test_each_is_written_in_other_brackets(string: str) -> None:
    found, count = make_visible(f"a{string}b")
    assert count == 1
    assert string not in found
    assert string.strip("<>[]|｜/").strip()[:3] in found


@given(
    st.lists(st.one_of(st.sampled_from([*STRINGS, "<|", "|>", "<", ">", "[", "]", "<|im_"]), st.text(max_size=4)), max_size=12)
)
def test_none_survives_and_once_is_enough(parts: list[str]) -> None:
    found, _ = make_visible("".join(parts))
    assert not [string for string in STRINGS if string in found]
    assert make_visible(found) == (found, 0)


@pytest.mark.parametrize(("text", "visible"), [("<|<s>|>", "‹|‹s›|›"), ("<|im_<s>|>", "‹|im_‹s›|›")])
def test_one_inside_another_hides_neither(text: str, visible: str) -> None:
    assert make_visible(text) == (visible, 2)


@given(st.text(alphabet=st.characters(exclude_characters="<["), max_size=60))
def test_text_without_brackets_stays_as_it_is(text: str) -> None:
    assert make_visible(text) == (text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2 and 3 > 2",
        "[sic]",
        "<b>bold</b>",
        "a <- b",
        "|x|",
        "<||>",
        "[|x]",
        "<seed>",
        "a<|b",
        "[think]",
        "p(x|y) > 0 and <x",
    ],
)
def test_ordinary_brackets_stay(text: str) -> None:
    assert make_visible(text) == (text, 0)
