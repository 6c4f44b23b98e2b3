"""Scores of labels from the log-probabilities that a server lists for the first token of a reply.

A label counts where it is a token of its own and among those listed. What is not listed is less likely than the last one
that is; it counts as nothing, and the number of such labels and that bound are written down with the reply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from socsim.errors import BadReply, Rejected

__all__ = ["read_scores"]

_ROUNDING = 1e-4


def read_scores(
    choice: Mapping[str, Any], candidates: Sequence[str], api: str, most: int
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """(log-probability of each candidate, notes).

    Args:
        choice: the reply's choice.
        candidates: labels in full, with their leading spaces.
        api: ``chat`` or ``completions``, which list in different forms.
        most: log-probabilities that were asked for. Some servers list the drawn token too where it is not among these; it
            does not count, as otherwise what is known of a label would depend on a draw.

    Raises:
        BadReply: the server lists nothing, or what are no log-probabilities.
        Rejected: a label begins with another one and is not a token of its own, so that they cannot be kept apart.
    """
    found = choice.get("logprobs")
    as_chat = api == "chat" or (isinstance(found, dict) and "content" in found)  # llama.cpp lists in one form for both
    listed: dict[str, float] = {}
    for token, value in sorted(_chat(choice) if as_chat else _completions(choice), key=lambda pair: -pair[1])[:most]:
        # Tokens that read alike add up, as the same text may be two tokens.
        listed[token] = min(0.0, _logsum(listed[token], value)) if token in listed else value
    if not listed:
        raise BadReply("the reply lists no log-probabilities of its first token")
    scores = tuple(listed.get(candidate, -math.inf) for candidate in candidates)
    missing = [candidate for candidate, score in zip(candidates, scores, strict=True) if score == -math.inf]
    for candidate in missing:
        begun = [other for other in candidates if other != candidate and candidate.startswith(other) and other in listed]
        if begun and begun[0].strip():
            raise Rejected(
                f"the label {candidate!r} is not among the {len(listed)} listed tokens, and {begun[0]!r}, with which it begins, "
                "is: they cannot be kept apart. Use labels: [letters]"
            )
    if not missing:
        return scores, ()
    return scores, (
        f"{len(missing)} of {len(candidates)} labels not among the {len(listed)} listed tokens (each p < {_bound(listed)})",
    )


def _bound(listed: Mapping[str, float]) -> str:
    """The power of ten above the probability of the last listed token; few different ones, so that notes can be counted."""
    lowest = min(listed.values())
    return "1e-30" if lowest < -69.0 else f"{10.0 ** math.ceil(lowest / math.log(10.0)):g}"


def _chat(choice: Mapping[str, Any]) -> list[tuple[str, float]]:
    try:
        rows = choice["logprobs"]["content"][0]["top_logprobs"]
    except (KeyError, IndexError, TypeError) as error:
        raise BadReply("the reply lists no log-probabilities of its first token") from error
    if not isinstance(rows, list):
        raise BadReply("the listed log-probabilities are no list")
    if not all(isinstance(row, dict) for row in rows):
        raise BadReply("a listed log-probability is no object")
    return [(_token(row), _logprob(row.get("logprob"))) for row in rows]


def _token(row: Mapping[str, Any]) -> str:
    """The token's text; by its bytes where these are given, as a part of a character has no text of its own."""
    raw = row.get("bytes")
    if isinstance(raw, list):
        try:
            return bytes(raw).decode("utf-8")
        except (ValueError, TypeError):
            return "\N{REPLACEMENT CHARACTER}"
    return str(row.get("token", ""))


def _completions(choice: Mapping[str, Any]) -> list[tuple[str, float]]:
    try:
        rows = choice["logprobs"]["top_logprobs"][0]
    except (KeyError, IndexError, TypeError) as error:
        raise BadReply("the reply lists no log-probabilities of its first token") from error
    if not isinstance(rows, dict):
        raise BadReply("the listed log-probabilities are no object")
    return [(str(token), _logprob(logprob)) for token, logprob in rows.items()]


def _logprob(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or value > _ROUNDING:
        raise BadReply(f"a listed log-probability is none: {str(value)[:40]}")
    return min(0.0, float(value))


def _logsum(a: float, b: float) -> float:
    high = max(a, b)
    return high if high == -math.inf else high + math.log(math.exp(a - high) + math.exp(b - high))
