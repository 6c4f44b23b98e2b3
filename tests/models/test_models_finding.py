"""From a name to a file, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.errors import ModelFileError
from socsim.models import catalog, check_model, find_model, model_path, pull_model
from socsim.models.catalog import IndexModel


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, make_model: Callable[..., IndexModel]) -> str:
    """The tiny model stands in the catalogue."""
    monkeypatch.setattr(catalog, "CATALOG", {"tiny": make_model()})
    return "tiny"


def test_a_path_is_taken_as_it_is(tmp_path: Path, gguf_bytes: Callable[[], bytes]) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(gguf_bytes())
    assert find_model(str(path)) == path


def test_a_path_to_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_text("hello")
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        find_model(str(tmp_path / "own.gguf"))
    with pytest.raises(ModelFileError, match="no such file"):
        find_model(str(tmp_path / "absent.gguf"))


def test_an_absent_model_says_how_to_fetch_it(cache: Path, tiny: str) -> None:
    with pytest.raises(ModelFileError, match="socsim models pull tiny"):
        find_model(tiny)


def test_fetching_on_demand_happens_once(cache: Path, index: Path, tiny: str) -> None:
    stages: list[str] = []

    def told(stage: str, _done: int, _total: int, /) -> None:
        stages.append(stage)

    path = find_model(tiny, fetch=True, progress=told)
    assert path == model_path(tiny)
    assert path.parent == cache
    assert stages
    stages.clear()
    assert find_model(tiny, fetch=True, progress=told) == path
    assert find_model(tiny) == path
    assert not stages


def test_a_file_of_the_wrong_size_is_not_used_and_pulling_mends_it(cache: Path, index: Path, tiny: str) -> None:
    cache.mkdir(parents=True)
    model_path(tiny).write_bytes(b"GGUF and then nothing")
    with pytest.raises(ModelFileError, match=r"damaged.*socsim models pull tiny"):
        find_model(tiny)
    assert check_model(str(pull_model(tiny))).header.name == "Tiny"


def test_pulling_mends_a_file_of_the_right_size_with_other_bytes(cache: Path, index: Path, tiny: str) -> None:
    path = pull_model(tiny)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert check_model(tiny).as_published is False
    pull_model(tiny)
    assert check_model(tiny).as_published is True


def test_a_file_by_path_has_no_published_digest(tmp_path: Path, gguf_bytes: Callable[[], bytes]) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(gguf_bytes())
    assert check_model(str(path)).as_published is None


def test_a_path_has_nothing_to_fetch_and_is_checked(tmp_path: Path, gguf_bytes: Callable[[], bytes]) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(gguf_bytes())
    assert pull_model(str(path)) == path
    path.write_bytes(gguf_bytes()[:-100])
    for look in (pull_model, find_model):
        with pytest.raises(ModelFileError, match="shorter than its tensors"):
            look(str(path))
