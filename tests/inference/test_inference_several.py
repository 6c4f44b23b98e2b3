from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from socsim.cli.arguments import EngineName
from socsim.cli.running import overridden
from socsim.errors import ModelFileError, Rejected, ScenarioError
from socsim.inference.factory import make_engine
from socsim.inference.fingerprint import changes
from socsim.inference.retrying import ask_once
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.several import SeveralModels
from socsim.inference.types import Completion, Request, SamplingParams, Segment
from socsim.inference.vectors import pack_vector, unpack_vector
from socsim.record.caching import engine_difference
from socsim.scenario import load_scenario
from socsim.scenario.engines import InferenceSpec

SAYING = SamplingParams(max_tokens=8)


def saying(model: str, text: str = "What do you think?") -> Request:
    return Request("text", (Segment("user", text),), sampling=SAYING, model=model)


def engine(reply: str, **able: object) -> ScriptedEngine:
    return ScriptedEngine(lambda request, seed: reply, able=able)


def test_every_request_goes_to_the_model_that_it_names() -> None:
    both = SeveralModels({"a": engine("of a"), "b": engine("of b")})
    for name in ("a", "b"):
        assert asyncio.run(both.generate(saying(name))).text == f"of {name}"
        assert [one.text for one in asyncio.run(both.sample(saying(name), seeds=[1, 2]))] == [f"of {name}"] * 2
    assert asyncio.run(both.count_tokens(saying("b"))) == asyncio.run(engine("").count_tokens(saying("b")))
    with pytest.raises(Rejected, match="no model 'c' among a, b"):
        asyncio.run(both.generate(saying("c")))


def test_it_can_do_what_every_one_can_and_serves_as_many_as_all() -> None:
    strong = engine("", parallel=8, context_tokens=4096, most_candidates=20, samples=4, priority=True)
    weak = engine("", parallel=2, context_tokens=0, most_candidates=5, whole_options=False, embeddings=False,
                  sampling=("temperature",))  # fmt: skip
    able = SeveralModels({"strong": strong, "weak": weak, "again": weak}).capabilities()
    assert (able.parallel, able.context_tokens, able.most_candidates, able.samples) == (10, 4096, 5, weak.capabilities().samples)
    assert (able.whole_options, able.embeddings, able.priority, able.chat, able.sampling) == (False,) * 3 + (
        True,
        ("temperature",),
    )


def test_vectors_come_from_the_model_that_is_named() -> None:
    class Pointing(ScriptedEngine):
        def __init__(self, *vector: float) -> None:
            super().__init__()
            self.vector = vector

        async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
            return [self.vector] * len(texts)

    both = SeveralModels({"a": Pointing(1.0, 0.0), "b": Pointing(0.0, 1.0)})
    request = Request("embed", (Segment("user", "x"),), "plain", model="b")
    (found,) = asyncio.run(ask_once(both, request, [0], timeout_s=5.0, priority=0.0))
    assert found == Completion(pack_vector((0.0, 1.0)))
    assert unpack_vector(found.text) == (0.0, 1.0)


def test_the_identity_names_all_and_tells_them_apart() -> None:
    one, same, other = (SeveralModels({"a": engine(""), "b": engine("", **able)}) for able in ({}, {"parallel": 3}, {}))
    assert one.identity.model == "a + b"
    assert engine_difference({"engine": "x"}, one.identity).startswith("engine")
    assert engine_difference(asdict(one.identity), same.identity) == ""
    renamed = replace(other.identity, settings=(*other.identity.settings[:-1], ("b.quantisation", "Q8_0")))
    assert "b.quantisation" in engine_difference(asdict(one.identity), renamed)


def test_all_are_closed_also_where_one_does_not_close_well() -> None:
    closed: list[str] = []

    class Closing(ScriptedEngine):
        def __init__(self, name: str, trouble: Exception | None = None) -> None:
            super().__init__()
            self.name, self.trouble = name, trouble

        def close(self) -> None:
            closed.append(self.name)
            if self.trouble is not None:
                raise self.trouble

    shared = Closing("shared")
    with pytest.raises(OSError, match="stuck"):
        SeveralModels({"a": Closing("a", OSError("stuck")), "b": shared, "c": shared}).close()
    assert sorted(closed) == ["a", "shared"]


def test_what_was_started_is_closed_where_a_later_one_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(ScriptedEngine, "close", lambda self: closed.append("closed"))
    parts = [{"name": "m", "share": 0.5}, {"name": "absent.gguf", "share": 0.5, "engine": "embedded"}]
    with pytest.raises(ModelFileError, match="absent"):
        make_engine(InferenceSpec.model_validate({"engine": "scripted", "model": parts}), tmp_path)
    assert closed == ["closed"]


def test_other_models_behind_an_address_are_wrong_also_where_there_are_several() -> None:
    wrong, other = changes({"a: models": "m", "a: version": "1"}, {"a: models": "n", "a: version": "2"})
    assert wrong == ["a: models was 'm' and is 'n'"]
    assert other == ["a: version was '1' and is '2'"]


def test_models_that_differ_in_their_adapter_only_share_an_engine() -> None:
    parts = [
        {"name": "m", "share": 0.5, "called": "plain"},
        {"name": "m", "share": 0.3, "called": "tuned", "adapter": "x"},
        {"name": "n", "share": 0.2},
    ]
    found = make_engine(InferenceSpec.model_validate({"engine": "scripted", "model": parts}))
    assert isinstance(found, SeveralModels)
    serving = [found.serving(saying(name)) for name in ("plain", "tuned", "n")]
    assert serving[0] is serving[1]
    assert serving[0] is not serving[2]
    assert found.capabilities().parallel == 2 * ScriptedEngine(parallel=64).capabilities().parallel


def test_settings_are_those_of_inference_unless_a_model_has_its_own() -> None:
    spec = InferenceSpec.model_validate(
        {
            "engine": "embedded",
            "embedded": {"slots": 4},
            "limits": {"parallel": 3},
            "model": [
                {"name": "small", "share": 0.5},
                {
                    "name": "big",
                    "share": 0.5,
                    "engine": "openai",
                    "base_url": "http://127.0.0.1:1/v1",
                    "endpoint": {"kind": "ollama"},
                },
            ],
        }
    )
    small, big = spec.models.values()
    assert (small.engine, small.model, small.embedded and small.embedded.slots, small.limits.parallel) == (
        "embedded",
        "small",
        4,
        3,
    )
    assert (big.engine, big.model, big.embedded, big.addresses) == ("openai", "big", None, ("http://127.0.0.1:1/v1",))
    assert spec.labels == ("small", "big")


def test_another_engine_for_all_leaves_out_what_is_of_none_of_its_own(tmp_path: Path) -> None:
    address = "base_url: 'http://127.0.0.1:1/v1'"
    path = tmp_path / "s.yaml"
    path.write_text(
        "socsim: 1\nname: x\npopulation: {size: 4}\nschedule: [{phase: p, say: {topic: x}}]\n"
        f"inference: {{engine: openai, {address}, endpoint: {{kind: ollama}}, "
        f"model: [{{name: a, share: 0.5}}, {{name: b, share: 0.5, {address}, adapter: x}}]}}\n",
        encoding="utf-8",
    )
    loaded = load_scenario(path)
    for engine in (EngineName.embedded, EngineName.transformers, EngineName.scripted):
        alone = overridden(loaded, engine, None).scenario.inference.models
        assert {one.engine for one in alone.values()} == {engine.value}
    assert alone["b"].adapter == "x"
    assert isinstance(make_engine(overridden(loaded, EngineName.scripted, None).scenario.inference), SeveralModels)


def test_an_engine_without_adapters_is_refused_with_the_model(tmp_path: Path) -> None:
    part = {"name": "m", "share": 1.0, "called": "tuned", "adapter": "x", "engine": "openai", "base_url": "http://127.0.0.1:1/v1",
            "endpoint": {"kind": "ollama"}}  # fmt: skip
    with pytest.raises(ScenarioError, match=r"inference.model.*no adapters \(model 'tuned'\)"):
        make_engine(InferenceSpec.model_validate({"model": [part]}), tmp_path)
