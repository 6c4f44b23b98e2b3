"""llama.cpp in this process: started, asked and closed. Knows tokens, not prompts, items or agents.

Completions go through the library's own call, which frees the interpreter while it waits; tokenising, templates and slot
states are only offered over HTTP, on a port of the loopback interface that asks for a random key. Every method blocks: call
them from threads.
"""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from socsim.errors import ContextOverflow, ModelFileError, Rejected, Unavailable

__all__ = ["PLAIN_SAMPLING", "LlamaServer", "ServerSettings", "token_counts"]

PLAIN_SAMPLING: Mapping[str, Any] = {
    "dynatemp_range": 0.0, "top_n_sigma": -1.0, "xtc_probability": 0.0, "typical_p": 1.0, "presence_penalty": 0.0,
    "frequency_penalty": 0.0, "dry_multiplier": 0.0, "mirostat": 0, "repeat_penalty": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
    "temperature": 1.0, "logit_bias": [], "ignore_eos": False, "cache_prompt": True,
}  # fmt: skip
"""Every setting of llama.cpp's samplers so that the model's own distribution is left as it is."""

_WAITING = "OMP_WAIT_POLICY"
_HTTP_TIMEOUT_S = 120.0
_MOST_STATE_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the model is served: ``slots`` prompts side by side, each of at most ``context_tokens`` with its reply."""

    slots: int
    context_tokens: int
    threads: int


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
        self._key = secrets.token_urlsafe(24)
        self._states = Path(tempfile.mkdtemp(prefix="socsim-states-", dir=_memory_folder()))
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        try:
            self._server: Any = self._start(path, settings)
        except Exception as error:
            shutil.rmtree(self._states, ignore_errors=True)
            raise ModelFileError(
                f"{path}: llama.cpp cannot load it: {error}. Check the file (socsim models check {path}), and whether there is "
                "memory enough for it"
            ) from error
        self._host = str(self._server.listening_address).split("//")[1]

    def _start(self, path: Path, settings: ServerSettings) -> Any:
        library = _library()
        params = library.CommonParams()
        params.model.path = str(path)
        params.n_parallel = settings.slots
        params.n_ctx = settings.slots * settings.context_tokens
        params.kv_unified = False
        params.fit_params = False
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
        params.cache_ram_mib = 0
        params.slot_save_path = f"{self._states}{os.sep}"
        params.api_keys = [self._key]
        params.hostnames = ["127.0.0.1"]
        params.ui = params.warmup = False
        params.verbosity = -1
        return library.Server(params)

    @property
    def state_budget(self) -> int:
        """Bytes that kept states may take: 512 MiB, but at most half of what is free where they lie."""
        return min(_MOST_STATE_BYTES, shutil.disk_usage(self._states).free // 2)

    def complete(self, body: Mapping[str, Any], on_token: Callable[[], bool] | None = None) -> dict[str, Any]:
        """One completion.

        Args:
            body: as llama.cpp's server takes it.
            on_token: called after each token; true ends the completion early. With it the answer is ``{"text", "tokens",
                "finish_reason", "usage"}`` of what came until then, without it llama.cpp's own.

        Raises:
            ContextOverflow: prompt and reply do not fit into a slot.
            Rejected: the request is not understood.
            Unavailable: the model failed.
        """
        if on_token is None:
            return _checked(self._server.handle_completions(dict(body)))
        parts: list[dict[str, Any]] = []

        def take(part: dict[str, Any]) -> bool:
            parts.append(part)
            return on_token()

        last = self._server.handle_completions({**body, "stream": True, "verbose": True, "return_tokens": True}, take)
        return _joined([_checked(part) for part in (*parts, *([] if last is None else [last]))])

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> tuple[int, ...]:
        """Token ids of a text. Control tokens are read out of it only if ``special``; ``begin`` adds the model's first token."""
        if not text and not begin:
            return ()
        answer = self._post("/tokenize", {"content": text, "add_special": begin, "parse_special": special})
        return tuple(answer["tokens"])

    def apply_template(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Chat messages as the model's template writes them, up to where the reply begins."""
        return str(self._post("/apply-template", {"messages": list(messages)})["prompt"])

    def end_token(self) -> int | None:
        """The token that ends a bare text; None where the model has none."""
        text = str(self._request("GET", "/props", None).get("eos_token", ""))
        ids = self.tokenize(text, special=True)
        return ids[0] if len(ids) == 1 else None

    def prefill(self, slot: int, ids: list[int]) -> int:
        """Make a slot compute ``ids``. Returns the number of tokens that it did not hold yet."""
        body = {**PLAIN_SAMPLING, "prompt": ids, "id_slot": slot, "n_predict": 1, "max_tokens": 1, "samplers": []}
        prompt, cached = token_counts(self.complete(body))
        return prompt - cached

    def save_state(self, slot: int, name: str) -> int:
        """Keep what a slot has computed under ``name``. Returns its size in bytes."""
        return int(self._post(f"/slots/{slot}?action=save", {"filename": name})["n_written"])

    def restore_state(self, slot: int, name: str) -> None:
        """Make a slot hold what was kept under ``name``."""
        self._post(f"/slots/{slot}?action=restore", {"filename": name})

    def forget_state(self, name: str) -> None:
        """Drop what was kept under ``name``."""
        (self._states / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Stop serving and free the memory."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._server = None
        shutil.rmtree(self._states, ignore_errors=True)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._request("POST", path, orjson.dumps(body))

    def _request(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        with self._lock:
            try:
                return self._exchange(method, path, body, headers)
            except (http.client.HTTPException, ConnectionError):
                # The server closes a kept connection after a while without saying so; these requests may be repeated.
                self._connection = None
            try:
                return self._exchange(method, path, body, headers)
            except (http.client.HTTPException, OSError) as error:
                raise Unavailable(f"the embedded model does not answer: {error}") from error

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, timeout=_HTTP_TIMEOUT_S)
        self._connection.request(method, path, body, dict(headers))
        return _checked(orjson.loads(self._connection.getresponse().read()))


def token_counts(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of the prompt of an answer, and how many of them the slot held already."""
    usage = answer.get("usage") or {}
    return int(usage.get("prompt_tokens", 0)), int((usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0))


def _library() -> Any:
    """The library, loaded so that its threads sleep while they wait: spinning, they collapse beside another busy process."""
    chosen = os.environ.get(_WAITING)
    if chosen is None:
        os.environ[_WAITING] = "passive"
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelFileError(
            f"llama.cpp cannot be loaded: {error}. Where a library libgomp is missing, install it (Debian: libgomp1)"
        ) from error
    finally:
        if chosen is None:
            del os.environ[_WAITING]
    return xllamacpp


def _memory_folder() -> str | None:
    """A folder in memory for slot states, where the system has one."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


def _checked(answer: Any) -> dict[str, Any]:
    """The answer, or the error that it reports."""
    if not isinstance(answer, dict):
        raise Unavailable(f"the embedded model gave no answer ({type(answer).__name__})")
    error = answer.get("error")
    if error is None:
        return answer
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        raise ContextOverflow(f"{message}: {error.get('n_prompt_tokens')} tokens, a slot holds {error.get('n_ctx')}")
    if int(error.get("code") or 500) < 500:
        raise Rejected(message)
    raise Unavailable(message)


def _joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The parts of a streamed completion as one: text, tokens, finish_reason (None where it was ended early) and usage."""
    choices = [choice for part in parts for choice in part.get("choices", ())]
    reasons = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    return {
        "text": "".join(choice.get("text") or "" for choice in choices),
        "tokens": [token for part in parts for token in part.get("__verbose", {}).get("tokens", ())],
        "finish_reason": reasons[-1] if reasons else None,
        "usage": next((part["usage"] for part in reversed(parts) if part.get("usage")), {}),
    }
