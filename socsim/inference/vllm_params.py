"""Between requests and vLLM's parameters and outputs, for all versions that are supported. Knows no prompts."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from socsim.errors import BadReply, Unavailable
from socsim.inference.types import FinishReason, Request, SamplingParams

__all__ = ["LISTED_AT_ONCE", "lists_tokens", "logprobs_in", "next_token_params", "read_finish", "text_params", "whole_priority"]

LISTED_AT_ONCE = 128
"""Most tokens that vLLM gives log-probabilities of in one call."""

_LARGEST = 2**53
_REASONS: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}


def text_params(request: Request, texts: int, ends: Collection[int]) -> Any:
    """Parameters for drawing texts.

    No seed is given: vLLM's draws depend on what else is in the batch with a seed too, and its processor build dies of seeds.

    Args:
        request: how they are drawn, and the JSON schema that they follow, if any.
        texts: how many.
        ends: tokens that end a reply.
    """
    from vllm import SamplingParams as VllmParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    sampling = request.sampling or SamplingParams()
    return VllmParams(
        n=texts,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        min_p=sampling.min_p,
        repetition_penalty=sampling.repetition_penalty,
        presence_penalty=0.0,
        frequency_penalty=0.0,
        max_tokens=sampling.max_tokens,
        stop=[stop for stop in sampling.stop if stop],
        stop_token_ids=sorted(ends),
        structured_outputs=StructuredOutputsParams(json=request.constraint) if request.constraint else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def lists_tokens() -> bool:
    """Whether this vLLM gives the log-probabilities of named tokens; otherwise those of the whole vocabulary are asked for."""
    from vllm import SamplingParams as VllmParams

    return "logprob_token_ids" in VllmParams.__struct_fields__


def next_token_params(tokens: Sequence[int]) -> Any:
    """Parameters for the log-probabilities of some next tokens, before any sampling, over the whole vocabulary."""
    from vllm import SamplingParams as VllmParams
    from vllm.sampling_params import RequestOutputKind

    wanted: dict[str, Any] = {"logprob_token_ids": list(tokens)} if lists_tokens() else {"logprobs": -1}
    return VllmParams(max_tokens=1, temperature=0.0, detokenize=False, output_kind=RequestOutputKind.FINAL_ONLY, **wanted)


def logprobs_in(output: Any, tokens: Sequence[int]) -> dict[int, float]:
    """The log-probabilities of some tokens from the output for `next_token_params`.

    Raises:
        BadReply: one is missing or is no log-probability.
    """
    listed = output.outputs[0].logprobs
    row = listed[0] if listed else {}
    found = {token: float(row[token].logprob) for token in tokens if token in row}
    if len(found) < len(set(tokens)) or any(math.isnan(value) for value in found.values()):
        raise BadReply(f"vLLM gave log-probabilities of {len(found)} of {len(set(tokens))} tokens")
    return {token: min(0.0, value) for token, value in found.items()}


def read_finish(output: Any) -> FinishReason:
    """Why a text ended.

    Raises:
        Unavailable: the engine gave it up.
    """
    reason = _REASONS.get(output.finish_reason)
    if reason is None:
        raise Unavailable(f"vLLM gave a reply up (finish_reason {output.finish_reason!r})")
    return reason


def whole_priority(priority: float) -> int:
    """A priority as vLLM takes it: a whole number, lower first, in steps of a thousandth."""
    if math.isnan(priority):
        return 0
    return round(max(-_LARGEST, min(_LARGEST, 1000.0 * priority)))
