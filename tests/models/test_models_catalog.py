"""Names of models and of hub files."""

from __future__ import annotations

import re

import pytest

from socsim.errors import ModelFileError
from socsim.models.catalog import CATALOG, DEFAULT_MODEL, HubModel, known_model


def test_the_default_is_known_and_every_entry_is_checkable() -> None:
    assert DEFAULT_MODEL in CATALOG
    for name, model in CATALOG.items():
        assert model.name == name
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
        assert model.size > 10_000_000
        assert model.licence
        assert model.file.suffix == ".gguf"
    assert len({model.file for model in CATALOG.values()}) == len(CATALOG)


def test_an_unknown_name_gets_the_nearest_spelling_and_the_list() -> None:
    with pytest.raises(ModelFileError, match=r"Did you mean 'smollm2-135m'\?.*qwen2.5-0.5b"):
        known_model("smolm2-135m")


def test_a_hub_id_names_repository_and_file() -> None:
    model = known_model("hf:someone/some-model-GGUF/sub/file-q8.gguf")
    assert isinstance(model, HubModel)
    assert (model.repo, model.path) == ("someone/some-model-GGUF", "sub/file-q8.gguf")
    assert str(model.file) == "hub/someone--some-model-GGUF/sub/file-q8.gguf"


@pytest.mark.parametrize(
    "name", ["hf:", "hf:a/b", "hf:a/b/c.bin", "hf:../b/c.gguf", "hf:a/../c.gguf", "hf:a/b/../../c.gguf", "hf:a/b//c.gguf"]
)
def test_what_is_no_hub_id_is_refused(name: str) -> None:
    with pytest.raises(ModelFileError, match=r"hf:owner/repository/file\.gguf"):
        known_model(name)
