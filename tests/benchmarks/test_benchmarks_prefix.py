"""Equal calls are there twice, and merging answers them once: on the real engine, in small."""

from __future__ import annotations

import pytest

from benchmarks.prefix import calls_of, measure
from socsim.errors import ModelFileError
from socsim.models import DEFAULT_MODEL, find_model


def test_a_share_of_the_calls_is_there_twice_in_a_fixed_order() -> None:
    calls = calls_of(4, 2, 0.5)
    assert len(calls) == 12
    assert len({call.digest() for call in calls}) == 8
    assert calls == calls_of(4, 2, 0.5)


@pytest.mark.slow
@pytest.mark.model
def test_merging_sends_each_call_once() -> None:
    try:
        path = find_model(DEFAULT_MODEL, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")
    calls = calls_of(2, 1, 1.0)
    merged = measure(path, calls, 2, sort=True, merge=True, keep=True)
    apart = measure(path, calls, 2, sort=False, merge=False, keep=True)
    assert (merged["sent"], apart["sent"], merged["asked"]) == (2, 4, 4)
    assert merged["prompt_tokens"] < apart["prompt_tokens"]
