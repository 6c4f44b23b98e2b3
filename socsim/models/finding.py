"""From a model's name to its file: found in the cache folder, checked, or fetched."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from socsim.errors import ModelFileError
from socsim.models.catalog import DerivedModel, KnownModel, known_model
from socsim.models.fetching import Progress, fetch, file_sha256
from socsim.models.gguf import GgufHeader, check_magic, read_gguf_header

__all__ = ["ModelCheck", "check_model", "find_model", "is_path", "model_path", "models_folder", "pull_model"]

CACHE_VARIABLE = "SOCSIM_CACHE"


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What was found of a model file. ``expected_sha256`` is empty where none is known."""

    path: Path
    size: int
    sha256: str
    expected_sha256: str
    header: GgufHeader

    @property
    def as_published(self) -> bool | None:
        """Whether the file is the one named in the catalogue; None where nothing is known of it."""
        return self.sha256 == self.expected_sha256 if self.expected_sha256 else None


def models_folder() -> Path:
    """Where fetched models are kept: ``models`` in the folder named by ``SOCSIM_CACHE``, else in the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    cache = Path(chosen) if chosen else platformdirs.user_cache_path("socsim")
    return cache / "models"


def is_path(name_or_path: str) -> bool:
    """Whether this names a file rather than a model of the catalogue or of the hub."""
    if name_or_path.startswith("hf:"):
        return False
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return name_or_path.lower().endswith(".gguf") or any(separator in name_or_path for separator in separators)


def model_path(name: str) -> Path:
    """Where the model of this name lies or would lie.

    Raises:
        ModelFileError: there is no such model.
    """
    return models_folder() / known_model(name).file


def find_model(name_or_path: str, *, fetch: bool = False, progress: Progress | None = None) -> Path:
    """The file of a model.

    Args:
        name_or_path: a name of the catalogue, ``hf:owner/repository/file.gguf``, or the path of a ``.gguf`` file.
        fetch: fetch it where it is not here yet. Of a path, the header is checked.
        progress: told how far fetching is.

    Raises:
        ModelFileError: unknown, absent, damaged or not to be fetched; says what to do.
    """
    if is_path(name_or_path):
        path = Path(name_or_path).expanduser()
        read_gguf_header(path)
        return path
    model = known_model(name_or_path)
    path = models_folder() / model.file
    if fetch and not _is_here(path, model):
        return pull_model(name_or_path, progress)
    if not path.is_file():
        raise ModelFileError(f"the model {name_or_path!r} is not here yet. Fetch it once: socsim models pull {name_or_path}")
    if not _is_here(path, model):
        raise ModelFileError(f"{path}: damaged (not the size it should have). Fetch it again: socsim models pull {name_or_path}")
    check_magic(path)
    return path


def pull_model(name: str, progress: Progress | None = None) -> Path:
    """Fetch a model unless it is here and sound; see `socsim.models.fetching.fetch`. A path has nothing to fetch.

    Returns:
        Its path.

    Raises:
        ModelFileError: it is unknown or cannot be fetched, or a path is no model.
    """
    if is_path(name):
        return find_model(name)
    model = known_model(name)
    path = models_folder() / model.file
    if not _is_sound(path, model):
        if isinstance(model, DerivedModel):
            pull_model(model.base, progress)
        fetch(model, path, progress or _silent, lambda: _is_sound(path, model))
    return path


def check_model(name_or_path: str, progress: Progress | None = None) -> ModelCheck:
    """Read a model file whole: its size, its SHA-256 and its header.

    Raises:
        ModelFileError: it is missing or not a readable GGUF file.
    """
    path = Path(name_or_path).expanduser() if is_path(name_or_path) else model_path(name_or_path)
    expected = "" if is_path(name_or_path) else known_model(name_or_path).sha256
    if not is_path(name_or_path) and not path.is_file():
        find_model(name_or_path)
    header = read_gguf_header(path)
    return ModelCheck(path, path.stat().st_size, file_sha256(path, progress), expected, header)


def _silent(stage: str, done: int, total: int, /) -> None:
    """Tell nobody."""


def _is_here(path: Path, model: KnownModel) -> bool:
    return path.is_file() and (not model.size or path.stat().st_size == model.size)


def _is_sound(path: Path, model: KnownModel) -> bool:
    return _is_here(path, model) and (not model.sha256 or file_sha256(path) == model.sha256)
