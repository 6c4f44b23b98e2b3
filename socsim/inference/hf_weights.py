"""Which weights a model of the hub or a folder has, as one hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from socsim.models.fetching import file_sha256

__all__ = ["weights_hash"]

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


def weights_hash(place: str) -> str:
    """One hash of all files with weights, by name; empty where they are not on this machine.

    Args:
        place: a folder, or a name on the hub whose files the hub's cache holds.
    """
    folder = Path(place) if Path(place).is_dir() else _cached(place)
    if folder is None:
        return ""
    files = sorted(path for pattern in _WEIGHTS for path in folder.glob(pattern))
    whole = hashlib.sha256("".join(f"{path.name} {_hash(path)}\n" for path in files).encode())
    return whole.hexdigest() if files else ""


def _cached(name: str) -> Path | None:
    """The folder of the hub's cache with the files of a model that is there."""
    try:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(name, "config.json")
    except (ImportError, ValueError):
        return None
    return Path(found).parent if isinstance(found, str) else None


def _hash(path: Path) -> str:
    """The hash of a file; large files of the hub's cache are stored under theirs."""
    stored = path.resolve().name
    return stored if _SHA256.match(stored) else file_sha256(path)
