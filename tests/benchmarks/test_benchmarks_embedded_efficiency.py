"""The ratio of the layer's speed to the engine's own: how repeats are kept or thrown away, and one small real measurement."""

from __future__ import annotations

import pytest

from benchmarks.embedded_efficiency import interval_of_median, measured_batches, one_repeat, spread, workload
from socsim.errors import ModelFileError
from socsim.models import DEFAULT_MODEL, find_model


def row(layer: float, saturation: float) -> dict[str, float]:
    return {"layer_s": layer, "saturation_s": saturation, "efficiency": saturation / layer}


def test_spread_is_range_over_median() -> None:
    assert spread([9.0, 10.0, 11.0]) == pytest.approx(0.2)


def test_repeats_that_keep_together_are_taken_at_once() -> None:
    rows, batches, settled = measured_batches(lambda number: row(10.0 + 0.1 * number, 9.0), 3)
    assert ([one["layer_s"] for one in rows], batches, settled) == ([10.0, 10.1, 10.2], 1, True)


def test_a_batch_that_spreads_is_done_again_as_a_whole() -> None:
    seconds = iter([10.0, 12.0, 10.0, 10.1])
    rows, batches, settled = measured_batches(lambda _: row(next(seconds), 9.0), 2)
    assert ([one["layer_s"] for one in rows], batches, settled) == ([10.0, 10.1], 2, True)


def test_what_never_settles_is_said_to_spread() -> None:
    rows, batches, settled = measured_batches(lambda number: row(10.0, 9.0 + number), 2)
    assert (len(rows), batches, settled) == (2, 3, False)


def test_the_interval_holds_the_median_and_lies_within_the_values() -> None:
    low, high = interval_of_median([0.9, 0.95, 0.96, 0.97, 1.0])
    assert 0.9 <= low <= 0.96 <= high <= 1.0
    assert interval_of_median([1.0] * 5) == (1.0, 1.0)


def test_distinct_prompts_share_no_persona() -> None:
    assert len({request.segments[0].text for request in workload("shared", 4, 3)}) == 4
    assert len({request.segments[0].text for request in workload("distinct", 4, 3)}) == 12


@pytest.mark.slow
@pytest.mark.model
def test_layer_and_loop_answer_the_same_requests() -> None:
    try:
        path = find_model(DEFAULT_MODEL, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")
    found = one_repeat(path, workload("distinct", 3, 1), 2, sorted_first=True)
    assert found["efficiency"] == pytest.approx(found["saturation_s"] / found["layer_s"])
    assert found["saturation_s"] == min(found["submission_order_s"], found["prefix_order_s"])
    assert found["saturation_computed_tokens"] == pytest.approx(found["layer_computed_tokens"], rel=0.3)
    assert 0 < found["reply_tokens"] <= 3 * 16
