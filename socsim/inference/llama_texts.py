"""Texts drawn on a slot of llama.cpp, free or held to a JSON schema.

Knows tokens, not prompts or items. Every method blocks: call them from threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson

from socsim.errors import Rejected, Unavailable
from socsim.inference.llama_scoring import Counted
from socsim.inference.llama_server import LlamaServer
from socsim.inference.llama_slots import Visit
from socsim.inference.token_prompts import Prompt
from socsim.inference.types import Completion, FinishReason, Request, SamplingParams

__all__ = ["TextSampler", "read_schema"]

_FINISHED: Mapping[str, FinishReason] = {"eos": "stop", "word": "stop", "limit": "length"}
_SAMPLERS = ("penalties", "top_k", "top_p", "min_p", "temperature")


class TextSampler:
    """Draws texts on slots of a server.

    Args:
        server: the model.
    """

    def __init__(self, server: LlamaServer) -> None:
        self._server = server
        self._holding: dict[str, bool] = {}

    def draw(self, prompt: Prompt, request: Request, seed: int, visit: Visit, asked_at: float) -> Completion:
        """One text.

        Args:
            prompt: what it goes on from.
            request: how it is drawn, and the JSON schema that it follows, if any.
            seed: of the draw.
            visit: the slot.
            asked_at: when the request came, on the clock of `time.monotonic`.

        Raises:
            Rejected: llama.cpp cannot hold a text to this schema.
            Unavailable: the model failed, or nobody waits any more.
        """
        counted = Counted(visit.prefilled, len(prompt.ids))
        body = _sampling_body(request.sampling or SamplingParams(), self._server.settings.context_tokens)
        if request.constraint:
            body["json_schema"] = read_schema(request.constraint)
            self._check_holding(prompt, request.constraint, body["json_schema"], visit)
        answer = counted.add(
            self._server.complete({**body, "prompt": prompt.ids, "id_slot": visit.slot, "seed": seed}, visit.is_gone)
        )
        reason = _FINISHED.get(answer["stop_type"])
        if reason is None:
            raise Unavailable(f"the reply ended before its end (stop_type {answer['stop_type']!r})")
        text, tokens = str(answer["content"]), tuple(answer["tokens"])
        if reason == "length":
            text = text.rstrip("\N{REPLACEMENT CHARACTER}")  # the beginning of a character that was cut off
        elapsed_s = time.monotonic() - asked_at
        after_first_s = float(answer["timings"]["predicted_ms"]) / 1000.0
        return Completion(
            text, reason, token_ids=tokens, pieces=prompt.pieces, usage=counted.usage(len(tokens)), elapsed_s=elapsed_s,
            ttft_s=max(0.0, elapsed_s - after_first_s),
        )  # fmt: skip

    def _check_holding(self, prompt: Prompt, constraint: str, schema: Any, visit: Visit) -> None:
        """llama.cpp writes free text, and says nothing, where it does not understand a schema: so each schema is tried once."""
        held = self._holding.get(constraint)
        if held is None:
            held = self._holding[constraint] = self._server.is_held(visit.slot, prompt.ids, schema, visit.is_gone)
        if not held:
            raise Rejected(
                "llama.cpp cannot hold a reply to this JSON schema: it is invalid, or uses a keyword or format that llama.cpp "
                f"does not know: {_shortened(constraint)}"
            )


def read_schema(constraint: str) -> Any:
    """The JSON schema of a request.

    Raises:
        Rejected: it is no JSON object.
    """
    try:
        schema = orjson.loads(constraint)
    except orjson.JSONDecodeError as error:
        raise Rejected(f"the JSON schema that the reply must follow is no JSON: {error}: {_shortened(constraint)}") from error
    if not isinstance(schema, dict):
        raise Rejected(f"the JSON schema that the reply must follow is no object: {_shortened(constraint)}")
    return schema


def _shortened(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[:most]} …"


def _sampling_body(sampling: SamplingParams, context_tokens: int) -> dict[str, Any]:
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": context_tokens,
        "n_predict": sampling.max_tokens,
        "return_tokens": True,
        "stop": list(sampling.stop),
        "samplers": list(_SAMPLERS),
    }
