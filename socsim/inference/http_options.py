"""Log-probabilities of whole options from a vLLM server that takes token ids and lists the tokens that it is asked for.

Options are a tree of tokens, made with the model's own tokenizer; each node is one call of one token, and all calls begin with
the same prompt, which the server computes once. Knows no transport.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from socsim.errors import BadReply, Rejected
from socsim.inference.http_wire import WireFormat
from socsim.inference.option_tries import OptionTrie, build_trie
from socsim.inference.types import Completion, Request, TokenPiece
from socsim.inference.vllm_scoring import score_trie

__all__ = ["Post", "Tokens", "score_whole_options"]

Post = Callable[[Mapping[str, Any]], Awaitable[bytes]]
"""Sends a request's JSON object; gives the body of a good reply."""

_LISTED_AT_ONCE = 128
"""Most tokens that vLLM lists in one call."""


class Tokens(Protocol):
    """A model's tokenizer; see `socsim.inference.http_tokens.TextTokens`."""

    @property
    def beginning(self) -> tuple[int, ...]: ...

    @property
    def bytes_by_token(self) -> Mapping[int, bytes]: ...

    def of(self, text: str) -> tuple[int, ...]: ...


async def score_whole_options(request: Request, wire: WireFormat, tokens: Tokens, post: Post) -> Completion:
    """Scores of a request's candidates over the whole vocabulary.

    Args:
        request: a score request in plain style.
        wire: how calls and replies look.
        tokens: the model's tokenizer.
        post: sends a call.

    Raises:
        Rejected: the candidates cannot be told apart from the prompt, or the server does not list tokens by name.
        InferenceError: there is no answer.
    """
    pieces, trie = _written(request, tokens)
    model = wire.model_of(request)

    async def listed(ids: Sequence[int], wanted: Sequence[int]) -> tuple[dict[int, float], int]:
        body = {
            "model": model, "prompt": list(ids), "max_tokens": 1, "temperature": 0.0, "logprobs": 1,
            "logprob_token_ids": list(wanted), "return_tokens_as_token_ids": True,
        }  # fmt: skip
        (choice,), usage, _ = wire.opened(request, await post(body))
        return _listed(choice, wanted), usage.cached_tokens

    async def ask(ids: Sequence[int], wanted: Sequence[int]) -> tuple[Mapping[int, float], int]:
        parts = [wanted[at : at + _LISTED_AT_ONCE] for at in range(0, len(wanted), _LISTED_AT_ONCE)]
        found, cached = await listed(ids, parts[0])
        for more, _ in await asyncio.gather(*(listed(ids, part) for part in parts[1:])):
            found |= more
        return found, cached

    prompt = [number for piece in pieces for number in piece.ids]
    scores, usage = await score_trie(prompt, trie, ask, lambda: tokens.bytes_by_token)
    return Completion(finish_reason="scored", logprobs=scores, candidate_ids=trie.candidate_ids, pieces=pieces, usage=usage)


def _written(request: Request, tokens: Tokens) -> tuple[tuple[TokenPiece, ...], OptionTrie]:
    text = "".join([segment.text for segment in request.segments])
    if not text:
        raise Rejected("the prompt is empty")
    last = TokenPiece(text, tokens.of(text))
    pieces = (TokenPiece("", tokens.beginning, template=True), last) if tokens.beginning else (last,)
    try:
        trie = build_trie(request, last, None, tokens.of)
    except ValueError as error:
        raise Rejected(str(error)) from error
    if trie.taken_back == sum(len(piece.ids) for piece in pieces):
        raise Rejected("the tokenizer joins the whole prompt with an option, so that nothing is left to begin with")
    return pieces, trie


def _listed(choice: Mapping[str, Any], wanted: Sequence[int]) -> dict[int, float]:
    try:
        row = choice["logprobs"]["top_logprobs"][0]
        found = {number: row[f"token_id:{number}"] for number in wanted}
    except (KeyError, IndexError, TypeError) as error:
        raise Rejected(
            "the server does not list the tokens that it is asked for, so whole options cannot be scored: use a newer vLLM "
            "(0.32 does), or leave inference.endpoint.tokenizer out and score labels"
        ) from error
    for value in found.values():
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or value > 1e-4:
            raise BadReply(f"a listed log-probability is none: {str(value)[:40]}")
    return {number: min(0.0, float(value)) for number, value in found.items()}
