"""The vLLM engine with doubles for vLLM's classes and for its core: settings, prompts, replies, scores, refusals."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from socsim.errors import ContextOverflow, Rejected, ScenarioError
from socsim.inference import vllm_engine
from socsim.inference.types import EngineIdentity, Request, SamplingParams, Segment, Usage
from socsim.inference.vllm_adapters import Adapters
from socsim.inference.vllm_engine import VllmEngine, engine_arguments, make_vllm_engine
from socsim.scenario.engines import InferenceSpec, VllmSpec

END = 0


class TokenizerDouble:
    """A token per character, which is its number; ``#`` ends a text, as a control token only where these are read."""

    eos_token_id = END
    chat_template = "yes"

    def __call__(self, text: str, *, add_special_tokens: bool, split_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [END if one == "#" and not split_special_tokens else ord(one) for one in text]}

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], **_: Any) -> str:
        return "".join(f"<{one['content']}#" for one in messages) + ">"


class ParamsDouble(SimpleNamespace):
    """Keeps what it is given; objects to high temperatures as vLLM does."""

    __struct_fields__ = ("logprob_token_ids",)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if given["temperature"] > 2.0:
            raise type("VLLMClientError", (Exception,), {})("temperature must be in [0, 2]")


class CoreDouble:
    """Draws "ok" and then what cannot be decoded, or gives every token asked for the same probability of a tenth."""

    context_tokens = 0

    def __init__(self, reason: str = "length") -> None:
        self.reason = reason
        self.asked: list[tuple[str, Any, int, Any]] = []

    async def run(self, ids: Sequence[int], params: Any, *, priority: int, lora: Any) -> Any:
        self.asked.append(("".join(map(chr, ids)), params, priority, lora))
        if hasattr(params, "logprob_token_ids"):
            row = {token: SimpleNamespace(logprob=math.log(0.1)) for token in params.logprob_token_ids}
            return SimpleNamespace(outputs=[SimpleNamespace(logprobs=[row])], num_cached_tokens=None)
        texts = [
            SimpleNamespace(index=index, text="ok\N{REPLACEMENT CHARACTER}", token_ids=[1, 2, 3], finish_reason=self.reason)
            for index in reversed(range(params.n))
        ]
        return SimpleNamespace(outputs=texts, num_cached_tokens=4, metrics=SimpleNamespace(first_token_latency=0.25))

    async def leave(self) -> None:
        self.asked.clear()

    def close(self) -> None:
        self.reason = "closed"


@pytest.fixture(autouse=True)
def vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    top: Any = ModuleType("vllm")
    top.SamplingParams, top.__version__ = ParamsDouble, "0.30.0"
    sampling: Any = ModuleType("vllm.sampling_params")
    sampling.RequestOutputKind = SimpleNamespace(FINAL_ONLY="final")
    sampling.StructuredOutputsParams = lambda json: json
    utils: Any = ModuleType("vllm.engine.arg_utils")
    fields = ("model", "swap_space", "enforce_eager", "load_format", "generation_config", "dtype")
    utils.AsyncEngineArgs = SimpleNamespace(__dataclass_fields__=dict.fromkeys(fields))
    named = {"vllm": top, "vllm.sampling_params": sampling, "vllm.engine": ModuleType("vllm.engine")}
    for name, module in {**named, "vllm.engine.arg_utils": utils}.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("transformers")
    config = SimpleNamespace(max_position_embeddings=256, eos_token_id=[7, 8])
    module.AutoTokenizer = SimpleNamespace(from_pretrained=lambda *_, **__: TokenizerDouble())
    module.AutoConfig = SimpleNamespace(from_pretrained=lambda *_, **__: config)
    monkeypatch.setitem(sys.modules, "transformers", module)


def engine(core: Any = None, **changes: Any) -> VllmEngine:
    given = {"parallel": 4, "context_tokens": 64, "adapters": Adapters(None, most=0), **changes}
    config = SimpleNamespace(eos_token_id=[7, 8])
    return VllmEngine(core or CoreDouble(), TokenizerDouble(), config, identity=EngineIdentity("vllm", "m"), **given)


def text(content: str = "hi", **sampling: Any) -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams(**{"max_tokens": 5, **sampling}))


def score(*candidates: str, **changes: Any) -> Request:
    return Request("score", (Segment("user", "hi"),), candidates=candidates, **changes)


def made(served: Mapping[str, Any] | None = None, **fields: Any) -> VllmEngine:
    return make_vllm_engine(InferenceSpec.model_validate({"engine": "vllm", "model": "m", "vllm": served or {}, **fields}), None)


def test_a_text_is_asked_in_tokens_that_a_user_cannot_forge() -> None:
    core = CoreDouble()
    found = asyncio.run(engine(core).generate(text("a#b"), priority=1.5))
    ((prompt, params, priority, lora),) = core.asked
    assert prompt == "<a#b\x00>"
    assert (params.max_tokens, params.stop_token_ids, priority, lora) == (5, [0, 7, 8], 1500, None)
    assert (found.text, found.finish_reason, found.token_ids, found.ttft_s) == ("ok", "length", (1, 2, 3), 0.25)
    assert found.usage == Usage(prompt_tokens=6, completion_tokens=3, cached_tokens=4)
    assert [token for piece in found.pieces for token in piece.ids] == [ord(one) for one in prompt]


def test_several_texts_are_one_call_and_pay_for_the_prompt_once() -> None:
    core = CoreDouble(reason="stop")
    found = asyncio.run(engine(core).sample(text(), seeds=[5, 6, 7]))
    assert [params.n for _, params, _, _ in core.asked] == [3]
    assert [one.usage for one in found] == [Usage(5, 3, 4), Usage(0, 3, 0), Usage(0, 3, 0)]
    assert found[0].text == "ok\N{REPLACEMENT CHARACTER}"  # not cut off, so the model's own
    with pytest.raises(Rejected, match="only texts"):
        asyncio.run(engine(core).sample(score("a"), seeds=[1, 2]))


def test_options_are_scored_token_by_token() -> None:
    core = CoreDouble()
    found = asyncio.run(engine(core).generate(score("yes", "yet", "no")))
    assert found.finish_reason == "scored"
    assert found.logprobs == pytest.approx([3 * math.log(0.1), 3 * math.log(0.1), 2 * math.log(0.1)])
    assert {prompt for prompt, *_ in core.asked} == {"<hi\x00>" + one for one in ("", "n", "y", "ye")}


def test_more_tokens_than_vllm_lists_at_once_take_several_calls() -> None:
    core = CoreDouble()
    options = tuple(chr(200 + number) for number in range(300))
    found = asyncio.run(engine(core).generate(score(*options)))
    assert found.logprobs == pytest.approx([math.log(0.1)] * 300)
    assert sorted(len(params.logprob_token_ids) for _, params, _, _ in core.asked) == [44, 128, 128]


@pytest.mark.parametrize("request_", [text("x" * 60), score("y" * 61)])
def test_what_does_not_fit_is_not_asked(request_: Request) -> None:
    core = CoreDouble()
    with pytest.raises(ContextOverflow, match="context has 64"):
        asyncio.run(engine(core).generate(request_))
    assert core.asked == []


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (text(temperature=4.0), "temperature must be"),
        (text(""), "empty"),
        (Request("score", (Segment("user", "hi"),), candidates=("",)), "no token"),
        (Request("text", (Segment("user", "hi"),), sampling=SamplingParams(max_tokens=5), adapter="mine"), "max_loras"),
    ],
)
def test_what_cannot_be_asked_is_rejected(request_: Request, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        asyncio.run(engine().generate(request_))


def test_tokens_are_counted_as_they_would_be_sent() -> None:
    assert asyncio.run(engine().count_tokens(text("abc"))) == len("<abc#>")


def test_what_it_says_of_itself_follows_the_settings(tmp_path: Path) -> None:
    able = engine().capabilities()
    assert (able.parallel, able.samples, able.context_tokens, able.adapters) == (4, 4, 64, False)
    assert able.score
    assert able.constrained
    assert engine(adapters=Adapters(tmp_path, most=1)).capabilities().adapters


def test_leaving_and_closing_reach_the_core() -> None:
    core = CoreDouble()
    one = engine(core)
    asyncio.run(one.generate(text()))
    asyncio.run(one.leave())
    assert core.asked == []
    one.close()
    assert core.reason == "closed"


def test_engine_arguments_are_the_scenarios_and_what_must_be() -> None:
    found = engine_arguments(VllmSpec(max_num_seqs=9, data_parallel_size=2, arguments={"enforce_eager": True}))
    assert (found["max_num_seqs"], found["data_parallel_size"], found["enforce_eager"]) == (9, 2, True)
    assert (found["scheduling_policy"], found["generation_config"], found["logprobs_mode"]) == (
        "priority",
        "vllm",
        "raw_logprobs",
    )
    assert "max_logprobs" not in found
    assert found["seed"] != engine_arguments(VllmSpec())["seed"]


def test_a_vllm_that_lists_no_tokens_is_told_to_give_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ParamsDouble, "__struct_fields__", ())
    assert engine_arguments(VllmSpec())["max_logprobs"] == -1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"swap_spice": 1}, r"(?s)arguments\.swap_spice.*swap_space"),
        ({"dtype": "half"}, r"(?s)field of its own.*inference\.vllm\.dtype"),
        ({"generation_config": "auto"}, r"(?s)sets this argument itself.*Leave it out"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_by_name(arguments: dict[str, Any], message: str, transformers: None) -> None:
    with pytest.raises(ScenarioError, match=message):
        made({"arguments": arguments})


def test_an_engine_is_made_without_starting_vllm(transformers: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "adapter_config.json").write_text(json.dumps({"r": 8}))
    monkeypatch.setattr("socsim.inference.hf_weights.weights_hash", lambda place: f"hash of {place}")
    spec = InferenceSpec.model_validate(
        {"engine": "vllm", "model": "m", "vllm": {"max_num_seqs": 3, "data_parallel_size": 2}, "adapter": "lora"}
    )
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(vllm_engine, "VllmCore", lambda arguments: started.append(arguments) or CoreDouble())
    one = make_vllm_engine(spec, tmp_path)
    assert (one.identity.version, one.identity.file_sha256, one.identity.model) == ("vllm 0.30.0", "hash of m", "m")
    assert (one.capabilities().parallel, one.capabilities().context_tokens, one.capabilities().adapters) == (6, 256, True)
    assert (started[0]["enable_lora"], started[0]["max_lora_rank"], started[0]["model"]) == (True, 8, "m")
    one.close()


def test_made_up_weights_have_no_hash(transformers: None) -> None:
    assert made({"arguments": {"load_format": "dummy"}}).identity.file_sha256 == ""


def test_an_adapter_that_is_not_there_is_refused_before_anything_starts(transformers: None) -> None:
    with pytest.raises(ScenarioError, match="no LoRA adapter"):
        made({"arguments": {"load_format": "dummy"}}, adapter="nowhere")
