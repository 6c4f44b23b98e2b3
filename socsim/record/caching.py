"""Another run's record as a cache: where it is, and whether the same model answered there.

A cache is a run folder or a record file on its own (as `socsim.record.merging` makes). It is only read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from socsim.errors import RecordError
from socsim.inference.types import EngineIdentity
from socsim.record.manifest import MANIFEST_NAME, read_manifest
from socsim.record.store import RecordStore

__all__ = [
    "CACHE_FACT",
    "IDENTITY_KEY",
    "RECORD_NAME",
    "cache_of",
    "engine_difference",
    "identity_of",
    "open_cache",
    "record_file",
]

CACHE_FACT = "reuses"
"""Entry of a manifest: the run folder or record from which the run takes replies."""

RECORD_NAME = "record.sqlite"
"""The record's file in a run folder."""
IDENTITY_KEY = "identity"
"""Fact of a record: which model answered, as JSON; for records without a manifest beside them."""
_DECIDING = ("engine", "model", "file_sha256", "quantisation")
_OF_THE_MACHINE = frozenset(
    {"host", "slots", "context_tokens", "threads", "device", "tensor_parallel_size", "data_parallel_size", "max_model_len"}
)
_OF_SCRIPTS = frozenset({"reply", "scorer"})
"""Settings that say where and how fast an engine answers, and what the functions of a scripted one are called. All others, such
as a steering vector, change what it answers."""


def record_file(path: Path) -> Path:
    """The record of a run folder, or the record file itself."""
    return path / RECORD_NAME if path.is_dir() else path


def identity_of(path: Path) -> dict[str, Any]:
    """Which model answered in the record of a run folder, or in a record file.

    Raises:
        RecordError: there is no record, or nothing says who answered.
    """
    if path.is_dir():
        return dict(read_manifest(path)["engine"])
    with closing(RecordStore.open(path, read_only=True)) as store:
        stored = store.meta(IDENTITY_KEY)
    if stored:
        return dict(orjson.loads(stored))
    if path.name == RECORD_NAME and (path.parent / MANIFEST_NAME).is_file():
        return identity_of(path.parent)
    raise RecordError(f"{path}: nothing says which model answered here. Give the run folder instead of its record.")


def engine_difference(recorded: Mapping[str, Any], identity: EngineIdentity | Mapping[str, Any]) -> str:
    """The first thing in which two models differ, in words; empty where they are the same."""
    now = asdict(identity) if isinstance(identity, EngineIdentity) else identity
    there, here = (_deciding(one) for one in (recorded, now))
    for field in [*there, *(field for field in here if field not in there)]:
        if there.get(field, "") != here.get(field, ""):
            return f"{field} {there.get(field, '')!r} there, {here.get(field, '')!r} here"
    return ""


def _deciding(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What of an identity decides the answers."""
    told = ((str(name), value) for name, value in identity.get("settings") or ())
    passing = _OF_THE_MACHINE | _OF_SCRIPTS
    settings = {name: value for name, value in told if name.rpartition(".")[2] not in passing}  # of several: "MODEL.name"
    return {**{field: identity.get(field, "") for field in _DECIDING}, **settings}


def open_cache(path: Path, identity: EngineIdentity) -> RecordStore:
    """Open a record whose replies may be used by a run on this engine.

    Raises:
        RecordError: there is no record, or another model answered there; the message names what differs.
    """
    difference = engine_difference(identity_of(path), identity)
    if difference:
        raise RecordError(
            f"{path}: replies of another model are recorded there ({difference}), and replies of two models must not be mixed "
            "in one run. Reuse a run of the same model, or run without --reuse."
        )
    return RecordStore.open(record_file(path), read_only=True)


@contextmanager
def cache_of(manifest: Mapping[str, Any], identity: EngineIdentity) -> Iterator[RecordStore | None]:
    """The record from which a run takes replies, as its manifest says; None where it takes none.

    Raises:
        RecordError: it is not there any more, or another model answered there.
    """
    place = manifest.get(CACHE_FACT)
    if not place:
        yield None
        return
    if not record_file(Path(place)).is_file():
        raise RecordError(
            f"this run takes replies from {place}, where there is no record any more. Put it back; or ask anew what this run "
            "has not taken yet: socsim resume RUN --no-reuse"
        )
    with closing(open_cache(Path(place), identity)) as cache:
        yield cache
