"""The bound on a model's speed, checked against models of known size and by hand."""

from __future__ import annotations

import pytest

from benchmarks.roofline import (
    ModelShape,
    Peak,
    ceiling_steps_per_s,
    dummy_8b_config,
    prompt_ceiling_tokens_per_s,
    read_shape,
)

PEAK = Peak(tflops=1000.0, memory_gbps=4000.0)


def test_an_8b_shape_has_as_many_parameters_as_the_model_it_is_named_for() -> None:
    shape = read_shape(dummy_8b_config())
    published, looked_up_only, norms = 8_030_261_248, 128256 * 4096, 65 * 4096
    assert shape.parameters == published - looked_up_only - norms
    assert shape.kv_bytes_per_token == 131_072  # 128 KiB


def test_heads_of_keys_default_to_all_heads() -> None:
    config = dummy_8b_config()
    del config["num_key_value_heads"]
    assert read_shape(config).parameters > read_shape(dummy_8b_config()).parameters


def test_a_shape_that_cannot_be_read_is_an_error_with_advice() -> None:
    with pytest.raises(ValueError, match="--params-b"):
        read_shape({"hidden_size": 8})
    with pytest.raises(ValueError, match="experts"):
        read_shape({**dummy_8b_config(), "num_local_experts": 8})


def test_prompts_are_bound_by_arithmetic() -> None:
    assert prompt_ceiling_tokens_per_s(ModelShape(1e9), PEAK) == pytest.approx(5e5)


def test_steps_are_bound_by_the_slower_of_arithmetic_and_memory() -> None:
    shape = ModelShape(1e9, 2.0)
    much_read = ceiling_steps_per_s(shape, PEAK, uncached=100.0, prompt=100.0, reply=10.0, at_once=1.0)
    assert much_read == pytest.approx(4e12 / (10 * 2e9))
    many_at_once = ceiling_steps_per_s(shape, PEAK, uncached=100.0, prompt=100.0, reply=10.0, at_once=1e9)
    assert many_at_once == pytest.approx(5e5 / 110)
    with_cache = ModelShape(1e9, 2.0, kv_bytes_per_token=1e9)
    assert ceiling_steps_per_s(with_cache, PEAK, uncached=100.0, prompt=100.0, reply=10.0, at_once=1e9) < many_at_once
