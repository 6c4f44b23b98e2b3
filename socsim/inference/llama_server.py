"""llama.cpp in this process: started, asked and closed. Knows tokens, not prompts, items or agents.

The library serves the model in threads of its own; it is asked over HTTP, on a port of the loopback interface that wants a
random key, because only there a completion gives all its tokens and can be given up. Every method blocks: call them from
threads.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from socsim.errors import ModelFileError, Rejected, Unavailable
from socsim.inference.llama_http import Gone, LlamaHttp, ReportedError
from socsim.inference.llama_states import StateFolder

__all__ = ["PLAIN_SAMPLING", "LlamaServer", "ServerSettings", "token_counts"]

PLAIN_SAMPLING: Mapping[str, Any] = {
    "dynatemp_range": 0.0, "top_n_sigma": -1.0, "xtc_probability": 0.0, "typical_p": 1.0, "presence_penalty": 0.0,
    "frequency_penalty": 0.0, "dry_multiplier": 0.0, "mirostat": 0, "repeat_penalty": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
    "temperature": 1.0, "logit_bias": [], "ignore_eos": False, "cache_prompt": True,
}  # fmt: skip
"""Every setting of llama.cpp's samplers so that the model's own distribution is left as it is."""

_WAITING, _SPINNING, _SPINS = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "1000"
_FORCED = 1000.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the model is served: ``slots`` prompts side by side, each of at most ``context_tokens`` with its reply.

    With ``embedding`` it gives vectors instead of texts: a server does one of both.
    """

    slots: int
    context_tokens: int
    threads: int
    embedding: bool = False


class LlamaServer:
    """A model file, loaded and served.

    Args:
        path: the GGUF file.
        settings: how it is served.

    Raises:
        ModelFileError: the file cannot be loaded.
    """

    def __init__(self, path: Path, settings: ServerSettings) -> None:
        self.settings = settings
        self._token_bytes: Mapping[int, bytes] | None = None
        key = secrets.token_urlsafe(24)
        library = _library()
        self._states = StateFolder()
        try:
            self._server: Any = library.Server(_parameters(library, path, settings, key, self._states.path))
        except Exception as error:
            self._states.close()
            reason = str(error).rstrip(".")
            raise ModelFileError(
                f"{path}: llama.cpp cannot load it: {reason}. Check the file (socsim models check {path}), and whether there is "
                "memory enough for it"
            ) from error
        self._http = LlamaHttp(str(self._server.listening_address).split("//")[1], key)

    @property
    def state_budget(self) -> int:
        """Bytes that kept states may take."""
        return self._states.budget

    def complete(self, body: Mapping[str, Any], gone: Gone) -> dict[str, Any]:
        """One completion, as llama.cpp's ``/completion`` takes and gives it.

        Args:
            body: the request; what it leaves out is set so that the model's distribution is left as it is.
            gone: true when nobody waits any more; ends the completion within a second.

        Raises:
            ContextOverflow: the prompt does not fit into a slot.
            Rejected: the request is not understood.
            Unavailable: the model failed, or nobody waits any more.
        """
        return self._http.post("/completion", {**PLAIN_SAMPLING, "seed": 0, **body}, gone)

    def next_tokens(self, slot: int, ids: Sequence[int], listed: int, gone: Gone) -> dict[str, Any]:
        """A completion of one token with the ``listed`` likeliest next tokens and their log-probabilities in it.

        The token that is drawn is always the same whole character: with one that is a part of a character, llama.cpp gives no
        probabilities. This does not change them: they are those before any sampling.
        """
        bias = [[self._whole_character, _FORCED]]
        return self.complete({**_one_token(slot, ids), "n_probs": listed, "logit_bias": bias}, gone)

    def ratios(self, slot: int, ids: Sequence[int], tokens: Sequence[int], lift: float, gone: Gone) -> dict[str, Any]:
        """A completion of one of ``tokens`` with their probabilities among each other in it.

        All of them are lifted by the same amount, which leaves their ratios as they are.
        """
        body = {
            **_one_token(slot, ids), "logit_bias": [[token, lift] for token in tokens], "samplers": ["top_k"],
            "top_k": len(tokens), "n_probs": len(tokens), "post_sampling_probs": True,
        }  # fmt: skip
        return self.complete(body, gone)

    def is_held(self, slot: int, ids: Sequence[int], schema: Any, gone: Gone) -> bool:
        """Whether a reply can be held to a JSON schema: whether a token that begins no JSON text is kept from being drawn."""
        bias = [[self._whole_character, _FORCED]]
        body = {**_one_token(slot, ids), "json_schema": schema, "logit_bias": bias, "return_tokens": True}
        return list(self.complete(body, gone)["tokens"]) != [self._whole_character]

    def token_bytes(self, slot: int, gone: Gone) -> Mapping[int, bytes]:
        """The text of every token, as bytes; nothing for control tokens. A slot lists them once, after one token."""
        if self._token_bytes is None:
            rows = self.next_tokens(slot, [self._whole_character], 1 << 30, gone)["completion_probabilities"][0]["top_logprobs"]
            self._token_bytes = {row["id"]: bytes(row["bytes"]) for row in rows}
        return self._token_bytes

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> tuple[int, ...]:
        """Token ids of a text. Control tokens are read out of it only if ``special``; ``begin`` adds the model's first token."""
        if not text and not begin:
            return ()
        answer = self._http.post("/tokenize", {"content": text, "add_special": begin, "parse_special": special})
        return tuple(answer["tokens"])

    def apply_template(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Chat messages as the model's template writes them, up to where the reply begins.

        Raises:
            Rejected: the template does not take them.
        """
        try:
            return str(self._http.post("/apply-template", {"messages": list(messages)})["prompt"])
        except ReportedError as error:
            raise Rejected(f"the model's chat template does not take these messages: {error}") from error

    def embed(self, texts: Sequence[Sequence[int]], gone: Gone) -> list[tuple[float, ...]]:
        """One vector per text, given in tokens: the mean over its tokens, of length 1. Only where ``settings.embedding``."""
        answer = self._http.post("/v1/embeddings", {"input": [list(ids) for ids in texts]}, gone)
        rows = sorted(answer["data"], key=lambda row: int(row["index"]))
        return [tuple(map(float, row["embedding"])) for row in rows]

    def end_token(self) -> int | None:
        """The token that ends a bare text; None where the model has none."""
        ids = self.tokenize(str(self._http.get("/props").get("eos_token", "")), special=True)
        return ids[0] if len(ids) == 1 else None

    def prefill(self, slot: int, ids: list[int], gone: Gone) -> int:
        """Make a slot compute ``ids``. Returns the number of tokens that it did not hold yet."""
        prompt, cached = token_counts(self.complete(_one_token(slot, ids), gone))
        return prompt - cached

    def save_state(self, slot: int, name: str) -> int:
        """Keep what a slot has computed under ``name``. Returns its size in bytes.

        Raises:
            Unavailable: there is no room for it.
        """
        size = int(self._http.post(f"/slots/{slot}?action=save", {"filename": name})["n_written"])
        if size == 0:
            raise Unavailable("no room for the state of a slot")
        return size

    def restore_state(self, slot: int, name: str) -> None:
        """Make a slot hold what was kept under ``name``."""
        self._http.post(f"/slots/{slot}?action=restore", {"filename": name})

    def forget_state(self, name: str) -> None:
        """Drop what was kept under ``name``."""
        self._states.forget(name)

    def close(self) -> None:
        """Stop serving and free the memory. Safe to call twice."""
        self._http.close()
        self._server = None
        self._states.close()

    @cached_property
    def _whole_character(self) -> int:
        return self.tokenize("a", special=False)[-1]


def token_counts(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of the prompt of a completion, and how many of them the slot held already."""
    return int(answer["tokens_evaluated"]), int(answer["timings"]["cache_n"])


def _one_token(slot: int, ids: Sequence[int]) -> dict[str, Any]:
    return {"id_slot": slot, "prompt": list(ids), "n_predict": 1, "samplers": []}


def _parameters(library: Any, path: Path, settings: ServerSettings, key: str, states: Path) -> Any:
    params = library.CommonParams()
    params.model.path = str(path)
    params.n_parallel = settings.slots
    params.n_ctx = settings.slots * settings.context_tokens
    params.kv_unified = False
    params.fit_params = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.cache_ram_mib = 0
    params.slot_save_path = f"{states}{os.sep}"
    params.api_keys = [key]
    params.hostnames = ["127.0.0.1"]
    # A kept connection holds a thread: one for each slot, as many again for answers just given up, and the tokenizer's.
    params.n_threads_http = 2 * settings.slots + 4
    if settings.embedding:
        params.embedding = True
        params.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        params.n_batch = params.n_ubatch = settings.context_tokens  # a text is pooled only if it is computed in one piece
    params.ui = params.warmup = False
    params.verbosity = -1
    return params


def _library() -> Any:
    """The library, loaded so that its threads soon sleep while they wait for each other, unless the user's environment says how.

    Threads that always spin suffer most beside another busy process, threads that never do lose most without one.
    """
    ours = {} if any(name in os.environ for name in (_WAITING, _SPINNING)) else {_SPINNING: _SPINS}
    os.environ.update(ours)
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelFileError(
            f"llama.cpp cannot be loaded: {error}. Where a library libgomp is missing, install it (Debian: libgomp1)"
        ) from error
    finally:
        for name in ours:
            del os.environ[name]
    return xllamacpp
