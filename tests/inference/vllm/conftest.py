"""A vLLM engine on the embedded model's weights, and the same weights by other means to compare with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from socsim.errors import ModelFileError
from socsim.models import find_model
from socsim.scenario.engines import InferenceSpec

GGUF = "smollm2-135m-q8"
CONTEXT = 512
SEQUENCES = 16


def pytest_configure(config: pytest.Config) -> None:
    """vLLM leaves its messaging context to the collector, which says so after the last test."""
    config.addinivalue_line("filterwarnings", "ignore:Unclosed context:ResourceWarning")


def make_engine(model: Path, folder: Path | None = None, **fields: Any) -> Any:
    """An engine that starts when first asked."""
    from socsim.inference.vllm_engine import make_vllm_engine

    served = {
        "max_model_len": CONTEXT, "max_num_seqs": SEQUENCES, "dtype": "float32",
        "arguments": {"enforce_eager": True}, **fields.pop("vllm", {}),
    }  # fmt: skip
    return make_vllm_engine(
        InferenceSpec.model_validate({"engine": "vllm", "model": str(model), "vllm": served, **fields}), folder
    )


@pytest.fixture(scope="session")
def gguf() -> Path:
    """The embedded engine's model file."""
    try:
        return find_model(GGUF, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Its weights in full precision, in a folder that vLLM and transformers read."""
    given = os.environ.get("SOCSIM_VLLM_MODEL")
    if given:
        return Path(given)
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    file: Path = request.getfixturevalue("gguf")
    folder = tmp_path_factory.mktemp("model")
    source = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    read = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    plain = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(**source), dtype=torch.float32)
    plain.load_state_dict(read.state_dict())  # what was read from this format is not written in any other
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def engine(model: Path) -> Iterator[Any]:
    """One engine for all tests: it takes a minute to start."""
    with pytest.MonkeyPatch.context() as patch:
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        one = make_engine(model)
        yield one
        one.close()


@pytest.fixture(scope="session")
def reference(model: Path) -> Callable[[list[int]], Any]:
    """Log-probabilities of what follows each token, by the transformers library."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()

    def logprobs(ids: list[int]) -> Any:
        with torch.inference_mode():
            return torch.log_softmax(loaded(torch.tensor([ids])).logits[0].float(), dim=-1)

    return logprobs
