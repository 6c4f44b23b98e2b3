"""Log-probabilities of options on a slot of llama.cpp, along their token paths, over the whole vocabulary.

Knows tokens, not prompts or items. Every function blocks: call them from threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from socsim.errors import Unavailable
from socsim.inference.llama_server import LlamaServer, token_counts
from socsim.inference.llama_slots import Visit
from socsim.inference.option_tries import OptionTrie, log_sum_exp, probability_of_beginning, score_options
from socsim.inference.types import Usage

__all__ = ["Counted", "OptionScorer"]

_LISTED = (16, 2048, 1 << 30)
"""Tokens whose log-probabilities are listed, in one attempt after another until one of those wanted is among them."""
_LIFT = 100.0
_NONE = -1e30


@dataclass(slots=True)
class Counted:
    """Tokens of the calls that one request took; the ``prefilled`` ones were computed for it, and do not count as cached.

    A request counts its prompt once, of ``length`` tokens, however many calls it takes; options' tokens that were computed
    behind it only make fewer of them cached.
    """

    prefilled: int
    length: int
    prompt: int = 0
    cached: int = 0

    def add(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Count an answer of llama.cpp, and give it back."""
        prompt, cached = token_counts(answer)
        self.prompt += prompt
        self.cached += cached
        return answer

    def usage(self, completion: int) -> Usage:
        """What was counted, with so many generated tokens."""
        computed = self.prompt - self.cached + self.prefilled
        return Usage(self.length, completion, max(0, self.length - computed))


class OptionScorer:
    """Scores options on slots of a server.

    Args:
        server: the model.
    """

    def __init__(self, server: LlamaServer) -> None:
        self._server = server

    def score(self, ids: Sequence[int], trie: OptionTrie, visit: Visit, counted: Counted) -> tuple[float, ...]:
        """Natural-log probability of each option as the continuation of a prompt.

        Where the tokenizer joins the prompt's end with an option, the joined text is scored from before that end, and divided
        by the probability that the text goes on with that end at all: options are then as likely as after the prompt itself.

        Args:
            ids: the prompt.
            trie: its options.
            visit: the slot.
            counted: tokens are added to it.
        """
        base = list(ids[: len(ids) - trie.taken_back])

        def next_logprobs(path: tuple[int, ...], tokens: Sequence[int]) -> Mapping[int, float]:
            return self._next_logprobs([*base, *path], tokens, visit, counted)

        scores = score_options(trie, next_logprobs)
        if not trie.taken_back or max(scores) == -math.inf:
            return scores

        def all_logprobs(path: tuple[int, ...]) -> Mapping[int, float]:
            return _listed(counted.add(self._server.next_tokens(visit.slot, [*base, *path], _LISTED[-1], visit.is_gone)))

        end = tuple(ids[len(ids) - trie.taken_back :])
        prefix = probability_of_beginning(end, trie, all_logprobs, self._bytes_of(visit))
        # The paths are part of the sum, so that it is below theirs by rounding alone.
        prefix = max(prefix, log_sum_exp(scores))
        return tuple(min(0.0, score - prefix) for score in scores)

    def _bytes_of(self, visit: Visit) -> Callable[[int], bytes]:
        texts = self._server.token_bytes(visit.slot, visit.is_gone)
        return lambda token: texts.get(token, b"")

    def _next_logprobs(self, ids: list[int], wanted: Sequence[int], visit: Visit, counted: Counted) -> dict[int, float]:
        """Log-probabilities of some next tokens over the whole vocabulary.

        Those among the likeliest tokens are listed by llama.cpp; the others are found by their ratio to one that is listed,
        and where that cannot be had, in a list of the whole vocabulary.
        """
        ratios: dict[int, float] | None = None
        for listed in _LISTED:
            answer = counted.add(self._server.next_tokens(visit.slot, ids, listed + len(wanted), visit.is_gone))
            found = _among(wanted, _first_token(answer).get("top_logprobs", ()))
            if len(found) == len(wanted):
                return found
            if found and ratios is None:
                ratios = self._ratios(ids, wanted, visit, counted)
                if ratios:
                    anchor = max(found, key=ratios.__getitem__)
                    return {token: found.get(token, ratios[token] - ratios[anchor] + found[anchor]) for token in wanted}
        raise Unavailable("llama.cpp does not list the options' tokens")

    def _ratios(self, ids: list[int], wanted: Sequence[int], visit: Visit, counted: Counted) -> dict[int, float]:
        """Log-probabilities of the wanted tokens among each other; nothing where one that is a part of a character is drawn."""
        answer = counted.add(self._server.ratios(visit.slot, ids, wanted, _LIFT, visit.is_gone))
        rows: Sequence[Mapping[str, Any]] = _first_token(answer).get("top_probs", ())
        if not rows:
            return {}
        found = {row["id"]: float(row["prob"]) for row in rows}
        return {token: math.log(found[token]) if found.get(token, 0.0) > 0.0 else -math.inf for token in wanted}


def _first_token(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of its first token; nothing where that is a part of a character."""
    rows: Sequence[Mapping[str, Any]] = answer.get("completion_probabilities") or ({},)
    return dict(rows[0])


def _among(wanted: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """Log-probabilities of the wanted tokens that are listed; llama.cpp writes the lowest number there is for none at all."""
    found = {row["id"]: float(row["logprob"]) for row in rows if row["id"] in wanted}
    return {token: value if value > _NONE else -math.inf for token, value in found.items()}


def _listed(answer: Mapping[str, Any]) -> dict[int, float]:
    """Log-probabilities of all tokens that an answer lists."""
    rows = _first_token(answer).get("top_logprobs", ())
    return {row["id"]: float(row["logprob"]) for row in rows if row["logprob"] > _NONE}
