"""Requests and replies on the wire of OpenAI-compatible servers: JSON objects out, JSON objects in, nothing believed unseen.

It knows what each kind of server takes beyond the common format. It opens no connection.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from socsim.errors import BadReply, ContentFiltered, Refused, Rejected
from socsim.inference.control_strings import make_visible
from socsim.inference.http_scoring import read_scores
from socsim.inference.types import Completion, FinishReason, Request, SamplingParams, Usage

__all__ = ["Kind", "WireFormat", "read_embeddings", "read_usage"]

Kind = Literal["hosted", "vllm", "sglang", "ollama", "llama_server"]
Tokenize = Callable[[str], list[int]]

_FINISHED: Mapping[str, FinishReason] = {"stop": "stop", "eos": "stop", "length": "length", "model_length": "length"}
_MOST_TOKENS = 1 << 31
_PENALTIES = {"presence_penalty": 0.0, "frequency_penalty": 0.0}
_NEUTRAL: Mapping[str, Mapping[str, Any]] = {
    "vllm": _PENALTIES,
    "sglang": _PENALTIES,
    "ollama": _PENALTIES,
    "llama_server": {
        **_PENALTIES, "typical_p": 1.0, "top_n_sigma": -1.0, "xtc_probability": 0.0, "dry_multiplier": 0.0, "dynatemp_range": 0.0,
        "mirostat": 0, "cache_prompt": True,
    },
}  # fmt: skip
"""Sent with every request, so that neither the model's file nor the server's flags change what is drawn."""
_UNDATED = re.compile(r"-(?:latest|\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3})\Z")


@dataclass(frozen=True, slots=True)
class WireFormat:
    """How requests and replies look at one kind of server.

    Args:
        kind: of server.
        api: ``chat`` or ``completions``.
        model: name of the model at the server.
        top_logprobs: log-probabilities that are asked for where candidates are scored.
        tokenize: text to token ids, without control tokens, where ids are sent (``completions``).
    """

    kind: Kind
    api: Literal["chat", "completions"]
    model: str
    top_logprobs: int
    tokenize: Tokenize | None = None

    @property
    def path(self) -> str:
        """Where requests go, under the server's address."""
        return "/chat/completions" if self.api == "chat" else "/completions"

    @property
    def prefill(self) -> bool:
        """Whether a trailing assistant segment is continued."""
        return self.api == "completions" or self.kind in ("vllm", "sglang", "llama_server")

    @property
    def sampling(self) -> tuple[str, ...]:
        """The sampling fields that this kind of server takes."""
        common = ("temperature", "top_p")
        return common if self.kind in ("hosted", "ollama") else (*common, "top_k", "min_p", "repetition_penalty")

    def body(self, request: Request, seed: int, texts: int = 1) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The JSON object of a request for so many ``texts``, and notes on what had to be changed.

        Raises:
            Rejected: this kind of server cannot be asked this.
        """
        self.check_style(request)
        body: dict[str, Any] = {"model": self.model_of(request)}
        changed = self._prompt(request, body)
        if request.kind == "score":
            self._scored(request, body)
        else:
            self._sampled(request.sampling or SamplingParams(), seed, body)
            if texts > 1:
                body["n"] = texts
        if request.constraint:
            body["response_format"] = _json_schema(request.constraint, self.kind)
        notes = (f"control strings made visible: {changed}",) if changed else ()
        return body, notes

    def check_style(self, request: Request) -> None:
        """Whether a request is one for messages or for bare text, as this endpoint wants it.

        Raises:
            Rejected: it is not.
        """
        if request.style == "chat" and self.api != "chat":
            raise Rejected("this endpoint takes bare text only (inference.endpoint.api: completions); set readout.style: plain")
        if request.style == "plain" and self.api != "completions":
            raise Rejected("this endpoint takes chat messages only; set inference.endpoint.api: completions for bare text")

    def model_of(self, request: Request) -> str:
        """The name of the model, or of its adapter, at the server.

        Raises:
            Rejected: this kind of server takes no adapter by name.
        """
        if not request.adapter:
            return self.model
        if self.kind != "vllm":
            raise Rejected("only a vLLM server takes an adapter by name (inference.adapter)")
        return request.adapter

    def _prompt(self, request: Request, body: dict[str, Any]) -> int:
        if not any(segment.text for segment in request.segments):
            raise Rejected("the prompt is empty")
        if self.api == "completions":
            text = "".join([segment.text for segment in request.segments])
            if self.tokenize is not None:
                body["prompt"] = self.tokenize(text)
                return 0
            body["prompt"], changed = make_visible(text)
            return changed
        messages, changed = _messages(request)
        body["messages"] = messages
        if messages[-1]["role"] == "assistant":
            if not self.prefill:
                raise Rejected("this endpoint begins every reply afresh, so it cannot be given the beginning of one")
            if self.kind in ("vllm", "sglang"):
                body["add_generation_prompt"] = False
                body["continue_final_message"] = True
        return changed

    def _sampled(self, sampling: SamplingParams, seed: int, body: dict[str, Any]) -> None:
        body["max_completion_tokens" if self.kind == "hosted" and self.api == "chat" else "max_tokens"] = sampling.max_tokens
        body["temperature"] = sampling.temperature
        body["top_p"] = sampling.top_p
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if self.kind != "vllm":  # its seeds are slow, and end its engine on processors
            body["seed"] = seed
        body.update(_NEUTRAL.get(self.kind, ()))
        if self.kind in ("vllm", "sglang"):
            body["top_k"] = sampling.top_k or -1
            body["min_p"] = sampling.min_p
            body["repetition_penalty"] = sampling.repetition_penalty
        elif self.kind == "llama_server":
            body["top_k"] = sampling.top_k
            body["min_p"] = sampling.min_p
            body["repeat_penalty"] = sampling.repetition_penalty

    def _scored(self, request: Request, body: dict[str, Any]) -> None:
        if self.top_logprobs < 1:
            raise Rejected("this endpoint gives no log-probabilities (inference.endpoint.top_logprobs: 0)")
        if request.terminators:
            raise Rejected("labels are scored by one token, so what follows them cannot be asked for (terminators)")
        self._sampled(SamplingParams(max_tokens=1), 0, body)
        if self.api == "chat":
            body["logprobs"] = True
            body["top_logprobs"] = self.top_logprobs
        else:
            body["logprobs"] = self.top_logprobs

    def read(self, request: Request, body: bytes | Mapping[str, Any], texts: int = 1) -> list[Completion]:
        """The completions in a reply, one for each text asked for, in the order of their numbers.

        Raises:
            BadReply: it is none.
            Refused: the model declined.
            ContentFiltered: a filter took a text away.
        """
        choices, usage, notes = self.opened(request, body, texts)
        if request.kind == "score":
            scores, missing = read_scores(choices[0], request.candidates, self.api, self.top_logprobs)
            return [Completion(finish_reason="scored", logprobs=scores, usage=usage, notes=(*notes, *missing))]
        allowed = request.sampling.max_tokens if request.sampling else SamplingParams().max_tokens
        if usage.completion_tokens > texts * (allowed + 1):  # some count the token that ends a reply
            notes = (*notes, f"the server wrote {usage.completion_tokens} tokens, {texts * allowed} were allowed")
        begun = self._repeated(request)
        if texts == 1:
            return [self._text(choices[0], usage, notes, begun)]
        return [self._text(choice, _share(usage, number, texts), notes, begun) for number, choice in enumerate(choices)]

    def opened(
        self, request: Request, body: bytes | Mapping[str, Any], texts: int = 1
    ) -> tuple[list[Mapping[str, Any]], Usage, tuple[str, ...]]:
        """(choices in the order of their numbers, usage, notes) of a reply by the right model.

        Raises:
            BadReply: it is none.
        """
        content = _object(body)
        self._check_model(request, content)
        choices = _choices(content, texts)
        usage, note = read_usage(content)
        return choices, usage, (note,) if note else ()

    def _repeated(self, request: Request) -> str:
        """What a reply begins with that was given to it: llama.cpp's server repeats it, others do not."""
        if self.kind != "llama_server" or self.api != "chat" or request.segments[-1].role != "assistant":
            return ""
        return _messages(request)[0][-1]["content"]

    def _text(self, choice: Mapping[str, Any], usage: Usage, notes: tuple[str, ...], begun: str) -> Completion:
        reason = choice.get("finish_reason")
        if reason == "content_filter":
            raise ContentFiltered("a content filter took the reply away")
        if self.api == "chat":
            message = choice.get("message")
            if not isinstance(message, dict):
                raise BadReply("a choice without a message")
            if message.get("refusal"):
                raise Refused(f"the model declined: {str(message['refusal'])[:500]}")
            text = message.get("content")
        else:
            text = choice.get("text")
        finished = _FINISHED.get(str(reason))
        if text is None and finished == "length":
            text = ""  # all its tokens went into thoughts that are not shown
        if not isinstance(text, str):
            raise BadReply("a choice without text")
        if finished is None:
            raise BadReply(f"the reply ended for an unknown reason ({str(reason)[:40]!r})")
        return Completion(text.removeprefix(begun), finished, usage=usage, notes=notes)

    def _check_model(self, request: Request, content: Mapping[str, Any]) -> None:
        """Another model's name is not believed; providers add a date to the name, or leave the owner out."""
        found = content.get("model")
        wanted = self.model_of(request)
        if found == wanted or found is None or self.kind == "llama_server":  # which calls the only model it serves as it likes
            return
        if isinstance(found, str):
            short, own = found.rsplit("/", 1)[-1].casefold(), wanted.rsplit("/", 1)[-1].casefold()
            if own in (short, _UNDATED.sub("", short)) or (own.endswith("-latest") and _UNDATED.sub("", short) == own[:-7]):
                return
        raise BadReply(f"another model has answered: {str(found)[:80]!r} instead of {wanted!r}")


def _messages(request: Request) -> tuple[list[dict[str, str]], int]:
    """Chat messages: neighbouring segments of one role are one, joined before control strings are looked for."""
    messages: list[dict[str, str]] = []
    changed = 0
    role, texts = "", [""]
    for segment in (*request.segments, None):
        if segment is not None and segment.role == role:
            texts.append(segment.text)
            continue
        if role:
            text, count = make_visible("".join(texts))
            changed += count
            messages.append({"role": role, "content": text})
        if segment is not None:
            role, texts = segment.role, [segment.text]
    return messages, changed


def _json_schema(constraint: str, kind: Kind) -> dict[str, Any]:
    schema = orjson.loads(constraint)
    strict = kind != "hosted" or (isinstance(schema, dict) and schema.get("additionalProperties") is False)
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": strict}}


def _object(body: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(body, bytes):
        return body
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadReply(f"the reply is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadReply(f"the reply is no object but {type(content).__name__}")
    return content


def _choices(content: Mapping[str, Any], texts: int) -> list[Mapping[str, Any]]:
    choices = content.get("choices")
    if not isinstance(choices, list) or not choices:
        error = content.get("error")
        raise BadReply(f"the reply has no choices{f': {str(error)[:200]}' if error else ''}")
    if not all(isinstance(choice, dict) for choice in choices):
        raise BadReply("a choice is no object")
    if texts == 1 and len(choices) == 1:
        if choices[0].get("index", 0) != 0:
            raise BadReply("the only choice has another number than 0")
        return choices
    numbers = [choice.get("index") for choice in choices]
    if len(choices) != texts or sorted(str(number) for number in numbers) != sorted(str(number) for number in range(texts)):
        raise BadReply(f"choices with the numbers {str(numbers)[:80]} came back, {texts} were asked for")
    return sorted(choices, key=lambda choice: int(choice["index"]))


def read_usage(content: Mapping[str, Any]) -> tuple[Usage, str]:
    """Token counts of a reply, and a note where it has none.

    Raises:
        BadReply: numbers that cannot be.
    """
    usage = content.get("usage")
    if usage is None:
        return Usage(), "the server reports no usage"
    if not isinstance(usage, dict):
        raise BadReply("the usage is no object")
    details = usage.get("prompt_tokens_details")
    cached = (details.get("cached_tokens") or 0) if isinstance(details, dict) else 0
    prompt, completion = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    for number in (prompt, completion, cached):
        if type(number) is not int or not 0 <= number < _MOST_TOKENS:
            raise BadReply(f"a usage that cannot be: {str(usage)[:120]}")
    if cached > prompt:
        raise BadReply(f"more cached tokens than the prompt has: {str(usage)[:120]}")
    return Usage(prompt, completion, cached), ""


def read_embeddings(body: bytes, texts: int) -> list[tuple[float, ...]]:
    """The vectors in a reply, in the order of their numbers.

    Raises:
        BadReply: it does not hold one vector of finite numbers for each text.
    """
    try:
        rows = sorted(_object(body)["data"], key=lambda row: int(row["index"]))
        numbers = [row["index"] for row in rows]
        vectors = [tuple(float(number) for number in row["embedding"]) for row in rows]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadReply(f"the reply holds no embeddings: {str(error)[:80] or type(error).__name__}") from error
    if numbers != list(range(texts)):
        raise BadReply(f"embeddings with the numbers {str(numbers)[:80]} came back, {texts} were asked for")
    if not all(vector and all(map(math.isfinite, vector)) for vector in vectors):
        raise BadReply("an embedding is empty, or not of finite numbers")
    return vectors


def _share(usage: Usage, number: int, texts: int) -> Usage:
    """The part of one text of several: the prompt counts with the first, the replies' tokens are spread evenly."""
    base, rest = divmod(usage.completion_tokens, texts)
    completion = base + (number < rest)
    return Usage(usage.prompt_tokens, completion, usage.cached_tokens) if number == 0 else Usage(0, completion, 0)
