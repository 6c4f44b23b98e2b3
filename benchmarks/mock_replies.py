"""What the mock server says: replies in OpenAI's wire format that are functions of the request's bytes alone.

Words are tokens. It knows requests and replies as JSON; nothing of connections, slots or faults.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

__all__ = ["MODEL", "Refusal", "answer_chat", "answer_completions", "answer_embeddings", "bits_of", "value_for"]

MODEL = "mock"
"""The model that the server lists; it answers to any name."""
_BLOCK = 16
_DIMENSIONS = 16
_MOST_TOP = 20
_OPENINGS = ("I think", "To me", "Honestly,", "As I see it,", "In my life", "Around here", "Most days", "For my family")
_MIDDLES = ("this matters", "it depends on the cost", "people deserve better", "we can wait", "fairness comes first",
            "the money is short", "others know more", "nothing has changed")  # fmt: skip
_ENDINGS = ("a great deal.", "more than before.", "for all of us.", "and that is fine.", "whatever they say.",
            "as it always did.", "in the end.", "and I worry.")  # fmt: skip
_LABELS = [chr(code) for code in (*range(65, 91), *range(48, 58))]
_STANDALONE = re.compile(r"\b[A-Z0-9]\b")
_Json = dict[str, Any]


class Refusal(Exception):
    """The request cannot be answered; becomes an error with status 400."""


def bits_of(*parts: bytes) -> int:
    """64 bits that are a function of the parts."""
    return int.from_bytes(hashlib.blake2b(b"\x1f".join(parts), digest_size=8).digest(), "little")


def answer_chat(asked: _Json, body: bytes) -> _Json:
    """The reply to ``/v1/chat/completions``."""
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal("messages: a list with at least one message is needed")
    prompt = "\n".join([_content(message) for message in messages])
    choices: list[_Json] = []
    written = 0
    for index in range(_samples(asked)):
        text, tokens, reason = _text(asked, body, index)
        written += tokens
        choice: _Json = {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        if asked.get("logprobs"):
            choice["logprobs"] = {"content": _chat_logprobs(asked, body, index, text, prompt)}
        choices.append(choice)
    return _reply("chat.completion", asked, body, choices, _words(prompt) + 3 * len(messages), written)


def answer_completions(asked: _Json, body: bytes) -> _Json:
    """The reply to ``/v1/completions``; prompts may be a text, token ids, or a list of either."""
    prompts = _prompts(asked.get("prompt"))
    samples, choices, written, read = _samples(asked), [], 0, 0
    for number, prompt in enumerate(prompts):
        given = prompt.encode() if isinstance(prompt, str) else orjson.dumps(prompt)
        key = given + _settings(asked)
        read += _words(prompt) if isinstance(prompt, str) else len(prompt)
        for index in range(samples):
            text, tokens, reason = _text(asked, key, index)
            written += tokens
            choice: _Json = {"index": number * samples + index, "text": text, "finish_reason": reason, "logprobs": None}
            if asked.get("logprobs") is not None:
                choice["logprobs"] = _plain_logprobs(asked, key, index, text, prompt)
            if asked.get("return_token_ids"):
                choice["token_ids"] = [bits_of(word.encode()) % 50_000 for word in text.split()]
            choices.append(choice)
    return _reply("text_completion", asked, body, choices, read, written)


def answer_embeddings(asked: _Json) -> _Json:
    """The reply to ``/v1/embeddings``."""
    given = asked.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Refusal("input: a text or a list of texts is needed")
    data = [{"object": "embedding", "index": index, "embedding": _vector(text)} for index, text in enumerate(texts)]
    tokens = sum(map(_words, texts))
    return {"object": "list", "model": asked.get("model", MODEL), "data": data,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}  # fmt: skip


def value_for(schema: Mapping[str, Any], key: bytes, root: Mapping[str, Any] | None = None) -> Any:
    """A value that follows a simple JSON schema, chosen by ``key``."""
    root = root if root is not None else schema
    if "$ref" in schema:
        found: Any = root
        for part in str(schema["$ref"]).lstrip("#/").split("/"):
            found = found[part]
        return value_for(found, key, root)
    bits = bits_of(key)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][bits % len(schema["enum"])]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return value_for(schema[several][bits % len(schema[several])], key, root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: value_for(part, key + name.encode(), root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        count = min(max(int(schema.get("minItems", 1)), 1), int(schema.get("maxItems", 10**6)))
        return [value_for(schema.get("items", {"type": "string"}), key + str(i).encode(), root) for i in range(count)]
    return _scalar(schema, kind, bits)


def _scalar(schema: Mapping[str, Any], kind: str, bits: int) -> Any:
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 101) - 1)
        if kind == "integer":
            return int(low) + bits % (max(int(high) - int(low), 0) + 1)
        return low + (high - low) * (bits % 1001) / 1000
    if kind == "boolean":
        return bool(bits & 1)
    if kind == "null":
        return None
    return _sentence(bits)[: int(schema.get("maxLength", 200))].ljust(int(schema.get("minLength", 0)), ".")


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise Refusal("messages: each needs a role and a content")
    return content


def _prompts(given: Any) -> Sequence[str | list[int]]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given:
        if all(isinstance(one, int) for one in given):
            return [given]
        if all(isinstance(one, str | list) for one in given):
            return given
    raise Refusal("prompt: a text, a list of token ids, or a list of either is needed")


def _settings(asked: _Json) -> bytes:
    return orjson.dumps({name: value for name, value in asked.items() if name != "prompt"}, option=orjson.OPT_SORT_KEYS)


def _samples(asked: _Json) -> int:
    n = asked.get("n") or 1
    if not isinstance(n, int) or not 1 <= n <= 128:
        raise Refusal("n: between 1 and 128")
    return n


def _words(text: str) -> int:
    return text.count(" ") + text.count("\n") + 1


def _sentence(bits: int) -> str:
    return f"{_OPENINGS[bits & 7]} {_MIDDLES[bits >> 3 & 7]} {_ENDINGS[bits >> 6 & 7]}"


def _text(asked: _Json, key: bytes, index: int) -> tuple[str, int, str]:
    """(text, tokens, finish reason) of one sample."""
    most = asked.get("max_completion_tokens") or asked.get("max_tokens") or 10**9
    schema = _schema(asked)
    if schema is not None:
        text = orjson.dumps(value_for(schema, key + bytes([index]))).decode()
        return text, _words(text), "stop"
    bits = bits_of(key, bytes([index]))
    text = _sentence(bits)
    if asked.get("ignore_eos") or asked.get("min_tokens"):
        wanted = most if asked.get("ignore_eos") else int(asked["min_tokens"])
        while _words(text) < wanted:
            bits = bits_of(bits.to_bytes(8, "little"))
            text += " " + _sentence(bits)
    for stop in _stops(asked):
        text = text.partition(stop)[0]
    words = text.split(" ")
    if len(words) <= most:
        return text, len(words), "stop"
    return " ".join(words[:most]), most, "length"


def _stops(asked: _Json) -> Sequence[str]:
    stops = asked.get("stop") or ()
    return [stops] if isinstance(stops, str) else stops


def _schema(asked: _Json) -> _Json | None:
    """The JSON schema that a reply must follow, in any of the ways in which servers are asked for one."""
    form = asked.get("response_format")
    if isinstance(form, dict):
        if form.get("type") == "json_schema":
            return form.get("json_schema", {}).get("schema") or form.get("schema")
        if form.get("type") == "json_object":
            return form.get("schema") or {"type": "object", "properties": {"answer": {"type": "string"}}}
    schema = asked.get("guided_json") or (asked.get("structured_outputs") or {}).get("json")
    return orjson.loads(schema) if isinstance(schema, str) else schema


def _tops(key: bytes, place: int, chosen: str, prompt: str, count: int) -> list[tuple[str, float]]:
    """The likeliest tokens of a place: what was written, and labels, above all those that stand in the prompt."""
    offered = set(_STANDALONE.findall(prompt[-2000:]))
    weights = {
        label: math.exp((6.0 if label in offered else 0.0) + 2.0 * (bits_of(key, label.encode(), bytes([place & 255])) / 2**64))
        for label in _LABELS
    }
    weights[chosen] = weights.get(chosen, 1.0) if place == 0 else 1.5 * max(weights.values())
    total = math.fsum(weights.values()) * 1.05
    ranked = sorted(((token, math.log(weight / total)) for token, weight in weights.items()), key=lambda one: -one[1])
    return ranked[:count]


def _top_count(count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MOST_TOP:
        raise Refusal(f"top log-probabilities: between 0 and {_MOST_TOP}")
    return count


def _chat_logprobs(asked: _Json, key: bytes, index: int, text: str, prompt: str) -> list[_Json]:
    count = _top_count(asked.get("top_logprobs") or 0)
    rows = []
    for place, word in enumerate(text.split(" ")):
        tops = _tops(key + bytes([index]), place, word, prompt, len(_LABELS) + 1)
        own = dict(tops)[word]
        listed = [{"token": token, "logprob": p, "bytes": list(token.encode())} for token, p in tops[:count]]
        rows.append({"token": word, "logprob": own, "bytes": list(word.encode()), "top_logprobs": listed})
    return rows


def _plain_logprobs(asked: _Json, key: bytes, index: int, text: str, prompt: str | list[int]) -> _Json:
    count = _top_count(asked["logprobs"])
    words = text.split(" ")
    shown = prompt if isinstance(prompt, str) else ""
    tops = [_tops(key + bytes([index]), place, word, shown, len(_LABELS) + 1) for place, word in enumerate(words)]
    offsets, at = [], 0
    for word in words:
        offsets.append(at)
        at += len(word) + 1
    return {
        "tokens": words,
        "token_logprobs": [dict(row)[word] for row, word in zip(tops, words, strict=True)],
        "top_logprobs": [dict(row[:count]) for row in tops],
        "text_offset": offsets,
    }


def _vector(text: str) -> list[float]:
    raw = [bits_of(text.encode(), bytes([i])) / 2**63 - 1.0 for i in range(_DIMENSIONS)]
    length = math.sqrt(math.fsum(x * x for x in raw))
    return [x / length for x in raw]


def _reply(kind: str, asked: _Json, body: bytes, choices: list[_Json], read: int, written: int) -> _Json:
    """Half of the prompt, in whole blocks, counts as cached."""
    return {
        "id": f"mock-{bits_of(body):016x}",
        "object": kind,
        "created": 1_700_000_000,
        "model": asked.get("model", MODEL),
        "choices": choices,
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": read // 2 // _BLOCK * _BLOCK},
        },
    }
