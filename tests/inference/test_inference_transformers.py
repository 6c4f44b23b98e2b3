"""A tiny model of the transformers library: exact scores, texts that keep to what was asked, adapters and steering."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from socsim.errors import ContextOverflow, Rejected, ScenarioError, Unavailable
from socsim.inference.types import Completion, Request, SamplingParams, Segment
from socsim.scenario.engines import InferenceSpec, SteeringSpec
from tests.inference.conformance import CHECKS, Subject

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [pytest.mark.transformers, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

WORDS = ["[unk]", "[end]", "[turn]", *[chr(n) for n in range(32, 127)], "ab", "abc"]
TEMPLATE = "{% for m in messages %}[turn]{{ m['role'] }}: {{ m['content'] }}[end]{% endfor %}[turn]assistant: "
CONTEXT = 512


def made(folder: Path) -> Path:
    """A model with random weights and a tokenizer of single characters, saved in a folder."""
    from tokenizers import AddedToken, Tokenizer, models

    tokenizer = Tokenizer(
        models.BPE(vocab={word: n for n, word in enumerate(WORDS)}, merges=[("a", "b"), ("ab", "c")], unk_token="[unk]")
    )
    tokenizer.add_special_tokens([AddedToken("[end]", special=True), AddedToken("[turn]", special=True)])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="[end]", unk_token="[unk]")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(WORDS), hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=CONTEXT, eos_token_id=1, bos_token_id=None, initializer_range=0.5,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tiny"))


def engine_of(folder: Path, **fields: Any) -> Any:
    from socsim.inference.transformers_engine import make_transformers_engine

    spec = InferenceSpec.model_validate({"engine": "transformers", "model": str(folder), **fields})
    return make_transformers_engine(spec, folder)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Any]:
    one = engine_of(folder)
    yield one
    one.close()


@pytest.fixture(scope="module")
def reference(folder: Path) -> Callable[[list[int]], Any]:
    """Log-probabilities of what follows each token, by the library alone, one row at a time."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def logprobs(ids: list[int]) -> Any:
        with torch.inference_mode():
            return torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), dim=-1)

    return logprobs


def ask(engine: Any, *requests: Request) -> list[Completion]:
    async def main() -> list[Completion]:
        return await asyncio.gather(*(engine.generate(request, seed=n) for n, request in enumerate(requests)))

    return asyncio.run(main())


def score(content: str, *candidates: str) -> Request:
    return Request("score", (Segment("user", content),), candidates=candidates or (" yes", " no", " no way", "A"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_").replace("_", " "))
def test_the_shared_suite(engine: Any, check: Callable[[Subject], None]) -> None:
    check(Subject(engine, deterministic_scores=1e-4, tells_ids=True, overflows=True))


def test_scores_are_those_of_the_library_alone_whatever_they_are_padded_with(engine: Any, reference: Any) -> None:
    requests = [score("a" * length) for length in (3, 40, 11, 200, 1)]
    for found in ask(engine, *requests):
        ids = [token for piece in found.pieces for token in piece.ids]
        for candidate, value in zip(found.candidate_ids, found.logprobs, strict=True):
            rows = reference([*ids, *candidate])
            expected = sum(float(rows[len(ids) - 1 + n, token]) for n, token in enumerate(candidate))
            assert value == pytest.approx(expected, abs=1e-4)


def test_an_option_that_the_tokenizer_joins_with_the_prompt_is_scored_given_what_the_prompt_says(
    engine: Any, reference: Any
) -> None:
    """P(b | …a) is P(…ab) over all that goes on with the a: "a" itself, "ab" and "abc"."""
    request = Request("score", (Segment("user", "za"),), "plain", candidates=("b", "bc"))
    (found,) = ask(engine, request)
    p = torch.exp(reference([WORDS.index("z")])[-1])
    going_on = sum(float(p[WORDS.index(token)]) for token in ("a", "ab", "abc"))
    for token, value in zip(("ab", "abc"), found.logprobs, strict=True):
        assert math.exp(value) == pytest.approx(float(p[WORDS.index(token)]) / going_on, rel=1e-3)


def test_greedy_texts_are_those_of_the_library_alone(engine: Any, reference: Any) -> None:
    sampling = SamplingParams(temperature=0.0, max_tokens=6)
    requests = [Request("text", (Segment("user", "b" * length),), sampling=sampling) for length in (2, 50, 9)]
    for found in ask(engine, *requests):
        ids = [token for piece in found.pieces for token in piece.ids]
        for token in found.token_ids:
            assert int(reference(ids)[-1].argmax()) == token
            ids.append(token)


def test_a_text_depends_on_its_seed_and_not_on_what_is_drawn_beside_it(engine: Any) -> None:
    request = Request("text", (Segment("user", "c"),), sampling=SamplingParams(max_tokens=12))
    alone = [asyncio.run(engine.generate(request, seed=seed)).text for seed in range(4)]
    together = asyncio.run(engine.sample(request, seeds=[3, 2, 1, 0]))
    assert [one.text for one in together] == alone[::-1]
    assert len(set(alone)) > 1


def test_sampling_has_the_distribution_of_the_model(engine: Any, reference: Any) -> None:
    request = Request("text", (Segment("user", "d"),), sampling=SamplingParams(max_tokens=1, temperature=0.7, top_k=3))
    found = asyncio.run(engine.sample(request, seeds=range(1500)))
    ids = [token for piece in found[0].pieces for token in piece.ids]
    p = torch.softmax(reference(ids)[-1] / 0.7, dim=-1)
    best = torch.topk(p, 3)
    share = {int(token): float(value / best.values.sum()) for token, value in zip(best.indices, best.values, strict=True)}
    for token, expected in share.items():
        got = sum(one.token_ids == (token,) or (token == 1 and not one.token_ids) for one in found) / len(found)
        assert got == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / len(found)) + 1e-3)


@pytest.mark.parametrize("field", ["top_p", "min_p"])
def test_cuts_leave_the_likeliest(engine: Any, reference: Any, field: str) -> None:
    narrow = SamplingParams(max_tokens=1, **{field: 1e-6 if field == "top_p" else 1.0})  # type: ignore[arg-type]
    request = Request("text", (Segment("user", "e"),), sampling=narrow)
    found = asyncio.run(engine.sample(request, seeds=range(20)))
    ids = [token for piece in found[0].pieces for token in piece.ids]
    likeliest = int(reference(ids)[-1].argmax())
    assert {one.token_ids for one in found} == {(likeliest,) if likeliest != 1 else ()}


def test_what_it_cannot_do_is_refused(engine: Any) -> None:
    text = Request("text", (Segment("user", "f"),), sampling=SamplingParams())
    for request, error in (
        (Request("text", (Segment("user", "g"),), sampling=SamplingParams(), constraint="{}"), Rejected),
        (Request("text", (Segment("user", "g"),), sampling=SamplingParams(), adapter="none"), Rejected),
        (Request("text", (Segment("user", "g" * 600),), sampling=SamplingParams()), ContextOverflow),
    ):
        with pytest.raises(error):
            ask(engine, request)
    assert isinstance(ask(engine, text)[0], Completion)


def test_steering_changes_scores_by_its_strength_and_is_part_of_the_identity(folder: Path, engine: Any) -> None:
    import numpy as np

    np.save(folder / "direction.npy", np.linspace(-1.0, 1.0, 32))
    plain = ask(engine, score("h"))[0].logprobs
    for strength, same in ((0.0, True), (3.0, False)):
        steered = engine_of(folder, steering={"vector": "direction.npy", "layer": 1, "strength": strength})
        found = ask(steered, score("h"))[0].logprobs
        assert (max(abs(a - b) for a, b in zip(found, plain, strict=True)) < 1e-4) == same
        assert dict(steered.identity.settings)["steering_strength"] == f"{strength:g}"
        steered.close()
    np.save(folder / "short.npy", np.ones(5))
    for vector, layer, field in (("short.npy", 1, "vector"), ("absent.npy", 1, "vector"), ("direction.npy", 9, "layer")):
        with pytest.raises(ScenarioError, match=rf"inference\.steering\.{field}"):
            engine.steer(SteeringSpec(vector=vector, layer=layer), folder)
    assert ask(engine, score("h"))[0].logprobs == pytest.approx(plain, abs=1e-4)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of what peft uses of transformers
def test_an_adapter_is_used_by_the_requests_that_name_it_only(folder: Path) -> None:
    peft = pytest.importorskip("peft")
    base = transformers.AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(2)
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    peft.get_peft_model(base, config).save_pretrained(folder / "tuned")
    engine = engine_of(folder, adapter="tuned")
    plain, tuned = score("i"), Request("score", (Segment("user", "i"),), candidates=score("i").candidates, adapter="tuned")
    first, second, third = (ask(engine, request)[0].logprobs for request in (plain, tuned, plain))
    assert first == pytest.approx(third, abs=1e-5)
    assert first != pytest.approx(second, abs=1e-3)
    engine.close()
    with pytest.raises(ScenarioError, match=r"inference\.adapter"):
        engine_of(folder, adapter="absent")


def test_a_closed_engine_says_so(folder: Path) -> None:
    engine = engine_of(folder)
    engine.close()
    engine.close()
    with pytest.raises(Unavailable, match="closed"):
        ask(engine, score("j"))
