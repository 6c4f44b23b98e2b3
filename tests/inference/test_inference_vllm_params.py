"""What vLLM is asked and how its outputs are read, with doubles for its classes."""

from __future__ import annotations

import math
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from socsim.errors import BadReply, Unavailable
from socsim.inference.types import Request, SamplingParams, Segment
from socsim.inference.vllm_params import lists_tokens, logprobs_in, next_token_params, read_finish, text_params, whole_priority


class ParamsDouble:
    """Keeps what it is given."""

    __struct_fields__: tuple[str, ...] = ("n", "logprob_token_ids")

    def __init__(self, **given: Any) -> None:
        self.given = given


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> type[ParamsDouble]:
    class Params(ParamsDouble):
        """One of each test's own, so that its fields can be changed."""

    top: Any = ModuleType("vllm")
    top.SamplingParams = Params
    below: Any = ModuleType("vllm.sampling_params")
    below.RequestOutputKind = SimpleNamespace(FINAL_ONLY="final")
    below.StructuredOutputsParams = lambda json: ("json", json)
    monkeypatch.setitem(sys.modules, "vllm", top)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", below)
    return Params


def output(reason: str | None = "stop", rows: Any = None) -> Any:
    return SimpleNamespace(outputs=[SimpleNamespace(logprobs=rows)], finish_reason=reason)


def row(**values: float) -> list[dict[int, Any]]:
    return [{int(token[1:]): SimpleNamespace(logprob=value) for token, value in values.items()}]


def test_every_sampling_setting_is_stated_and_no_seed(vllm: type[ParamsDouble]) -> None:
    sampling = SamplingParams(0.5, top_p=0.9, top_k=7, min_p=0.1, repetition_penalty=1.2, max_tokens=9, stop=("\n", ""))
    asked = text_params(Request("text", (Segment("user", "x"),), sampling=sampling, constraint='{"type": "object"}'), 3, {5, 2})
    assert asked.given == {
        "n": 3, "temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.1, "repetition_penalty": 1.2, "presence_penalty": 0.0,
        "frequency_penalty": 0.0, "max_tokens": 9, "stop": ["\n"], "stop_token_ids": [2, 5],
        "structured_outputs": ("json", '{"type": "object"}'), "output_kind": "final",
    }  # fmt: skip


def test_named_tokens_are_asked_where_vllm_can_else_all(vllm: type[ParamsDouble]) -> None:
    assert lists_tokens()
    assert next_token_params([4, 5]).given["logprob_token_ids"] == [4, 5]
    vllm.__struct_fields__ = ("n",)
    assert not lists_tokens()
    assert next_token_params([4, 5]).given["logprobs"] == -1
    assert next_token_params([4]).given["max_tokens"] == 1


def test_log_probabilities_are_those_of_the_tokens_asked() -> None:
    assert logprobs_in(output(rows=row(t4=-1.0, t5=-2.0, t6=-3.0)), [5, 4]) == {5: -2.0, 4: -1.0}
    assert logprobs_in(output(rows=row(t4=1e-7)), [4]) == {4: 0.0}
    assert logprobs_in(output(rows=row(t4=-math.inf)), [4]) == {4: -math.inf}


@pytest.mark.parametrize("rows", [None, [], row(t4=-1.0), row(t4=-1.0, t5=math.nan)])
def test_a_missing_or_impossible_log_probability_is_a_failure(rows: Any) -> None:
    with pytest.raises(BadReply, match="of 2 tokens"):
        logprobs_in(output(rows=rows), [4, 5])


def test_an_end_is_read_and_a_text_given_up_is_a_failure() -> None:
    assert read_finish(output("stop")) == "stop"
    assert read_finish(output("length")) == "length"
    for reason in ("abort", "error", None):
        with pytest.raises(Unavailable, match="gave a reply up"):
            read_finish(output(reason))


def test_priorities_are_whole_numbers_in_the_same_order() -> None:
    given = [-math.inf, -1.5, -1.499, 0.0, 0.001, 2.0, math.inf]
    found = [whole_priority(one) for one in given]
    assert all(isinstance(one, int) for one in found)
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert whole_priority(math.nan) == 0
