"""Labels are scored by the tokens that a server lists; what is not listed is said, and what cannot be told apart is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from socsim.errors import BadReply, Rejected
from socsim.inference.http_scoring import read_scores


def chat(*rows: Any) -> dict[str, Any]:
    return {"logprobs": {"content": [{"top_logprobs": list(rows)}]}}


def row(token: str, logprob: Any, raw: list[int] | None = None) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, **({"bytes": raw} if raw is not None else {})}


def test_labels_get_the_log_probabilities_of_their_tokens() -> None:
    scores, notes = read_scores(chat(row("B", -0.5), row("A", -1.0), row(" A", -3.0)), (" A", "A", "B"), "chat", 20)
    assert scores == (-3.0, -1.0, -0.5)
    assert notes == ()


def test_labels_that_are_not_listed_count_as_nothing_and_the_bound_is_noted() -> None:
    scores, notes = read_scores(chat(row("B", -0.5), row("x", -4.25)), ("A", "B", "C"), "chat", 20)
    assert scores == (-math.inf, -0.5, -math.inf)
    assert notes == ("2 of 3 labels not among the 2 listed tokens (each p < 0.1)",)


def test_tokens_that_read_alike_add_up_and_bytes_go_before_the_printed_form() -> None:
    scores, _ = read_scores(
        chat(row("A", math.log(0.2)), row("Ġ?", math.log(0.3), [65]), row("\\x", -1.0, [0xC3])), ("A",), "chat", 20
    )
    assert scores[0] == pytest.approx(math.log(0.5))


def test_completions_list_in_another_form() -> None:
    choice = {"logprobs": {"top_logprobs": [{" yes": -0.1, " no": -2.5}]}}
    assert read_scores(choice, (" yes", " no"), "completions", 20)[0] == (-0.1, -2.5)


def test_a_drawn_token_that_is_listed_beyond_the_likeliest_ones_does_not_count() -> None:
    choice = {"logprobs": {"top_logprobs": [{" no": -9.0, " yes": -0.1, " perhaps": -2.5}]}}
    assert read_scores(choice, (" yes", " no"), "completions", 2) == (
        (-0.1, -math.inf),
        ("1 of 2 labels not among the 2 listed tokens (each p < 0.1)",),
    )


def test_llama_cpp_lists_for_completions_like_for_chats() -> None:
    assert read_scores(chat(row(" yes", -0.1), row(" no", -2.5)), (" yes", " no"), "completions", 20)[0] == (-0.1, -2.5)


def test_a_label_that_begins_with_another_one_and_is_no_token_cannot_be_scored() -> None:
    with pytest.raises(Rejected, match=r"'10'.*labels: \[letters\]"):
        read_scores(chat(row("1", -0.5), row("2", -1.0)), ("1", "2", "10"), "chat", 20)


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"logprobs": None},
        {"logprobs": {"content": []}},
        chat(),
        chat("A"),
        {"logprobs": {"content": [{"top_logprobs": "A"}]}},
        chat(row("A", "likely")),
        chat(row("A", float("nan"))),
        chat(row("A", 0.7)),
        chat(row("A", True)),
        chat({"token": "A"}),
    ],
)
def test_what_are_no_log_probabilities_is_not_believed(choice: dict[str, Any]) -> None:
    with pytest.raises(BadReply):
        read_scores(choice, ("A",), "chat", 20)


@pytest.mark.parametrize("choice", [{}, {"logprobs": {"top_logprobs": []}}, {"logprobs": {"top_logprobs": [["A"]]}}])
def test_nor_in_the_form_of_completions(choice: dict[str, Any]) -> None:
    with pytest.raises(BadReply):
        read_scores(choice, ("A",), "completions", 20)
