"""The most that a model can do on given hardware: arithmetic for prompts, memory traffic for replies.

A bound, not a forecast: kernels reach a part of it. Knows shapes and peak figures, not servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ModelShape", "Peak", "ceiling_steps_per_s", "dummy_8b_config", "prompt_ceiling_tokens_per_s", "read_shape"]


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Weights used for one token, and bytes that a token takes in the key-value cache (0: not known)."""

    parameters: float
    bytes_per_weight: float = 2.0
    kv_bytes_per_token: float = 0.0


@dataclass(frozen=True, slots=True)
class Peak:
    """What the hardware can do at best, over all GPUs that serve the model."""

    tflops: float
    memory_gbps: float


def read_shape(config: Mapping[str, Any], *, bytes_per_weight: float = 2.0) -> ModelShape:
    """The shape of a dense decoder with gated feed-forward layers (Llama, Qwen, Mistral …) from its ``config.json``.

    Raises:
        ValueError: a number is missing, or the model has experts, of which only some work on a token.
    """
    if any("expert" in key for key in config):
        raise ValueError("a model with experts: give the parameters that work on one token (--params-b)")
    try:
        hidden, layers, vocabulary = (int(config[key]) for key in ("hidden_size", "num_hidden_layers", "vocab_size"))
        heads, inner = int(config["num_attention_heads"]), int(config["intermediate_size"])
    except KeyError as error:
        raise ValueError(f"config.json has no {error}; give the number of parameters (--params-b)") from error
    kv_heads = int(config.get("num_key_value_heads") or heads)
    head = int(config.get("head_dim") or hidden // heads)
    attention = hidden * head * (2 * heads + 2 * kv_heads)
    # The output matrix works on every token; the input one is only looked up in.
    parameters = layers * (attention + 3 * hidden * inner) + vocabulary * hidden
    return ModelShape(float(parameters), bytes_per_weight, 2.0 * 2.0 * layers * kv_heads * head)


def prompt_ceiling_tokens_per_s(shape: ModelShape, peak: Peak) -> float:
    """Uncached prompt tokens per second if nothing else were to do: two operations per weight and token."""
    return peak.tflops * 1e12 / (2.0 * shape.parameters)


def ceiling_steps_per_s(shape: ModelShape, peak: Peak, *, uncached: float, prompt: float, reply: float, at_once: float) -> float:
    """Agent-steps per second at best: the slower of arithmetic and memory traffic, each at its peak.

    Args:
        shape: the model.
        peak: the hardware.
        uncached: prompt tokens to compute in a step.
        prompt: all prompt tokens of a step.
        reply: tokens of its reply.
        at_once: steps in flight, which share each reading of the weights.
    """
    arithmetic_s = (uncached + reply) / prompt_ceiling_tokens_per_s(shape, peak)
    read = reply * (
        shape.parameters * shape.bytes_per_weight / max(at_once, 1.0) + (prompt + reply / 2.0) * shape.kv_bytes_per_token
    )
    return 1.0 / max(arithmetic_s, read / (peak.memory_gbps * 1e9))


def dummy_8b_config() -> dict[str, Any]:
    """A ``config.json`` in the shape of a Llama 3.1 model of 8 billion parameters, for weights that are made up."""
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
        "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "hidden_act": "silu",
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
        "attention_bias": False, "mlp_bias": False, "initializer_range": 0.02,
    }  # fmt: skip
