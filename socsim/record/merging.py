"""Several records as one, which can serve as a cache for further runs on the same model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from socsim.errors import RecordError
from socsim.inference.types import CallFailure
from socsim.record.caching import IDENTITY_KEY, engine_difference, identity_of, record_file
from socsim.record.store import RecordStore

__all__ = ["Merged", "merge_records"]


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging records."""

    calls: int
    """Answered calls in the new record."""
    again: int
    """Calls that an earlier record had with an equal reply."""
    conflicts: int
    """Calls that an earlier record had with another reply; the earlier one was kept."""
    failures: int
    """Calls without an answer, which are left out."""


def merge_records(sources: Sequence[Path], out: Path) -> Merged:
    """Make a new record of all answered calls of others; where they have the same call, the first one's reply is kept.

    Args:
        sources: run folders or record files.
        out: the record file to make.

    Raises:
        RecordError: there is a file already, a record cannot be read, or different models answered in them.
    """
    identity = identity_of(sources[0])
    for other in sources[1:]:
        difference = engine_difference(identity_of(other), identity)
        if difference:
            raise RecordError(
                f"{other}: another model answered there than in {sources[0]} ({difference}). Merge runs of one model."
            )
    counts = {"calls": 0, "again": 0, "conflicts": 0, "failures": 0}
    meta = {IDENTITY_KEY: orjson.dumps(identity).decode(), "merged_from": orjson.dumps([str(s) for s in sources]).decode()}
    with RecordStore.create(out, meta) as store:
        for source in sources:
            with closing(RecordStore.open(record_file(source), read_only=True)) as old:
                _take(old, store, counts)
    return Merged(**counts)


def _take(old: RecordStore, store: RecordStore, counts: dict[str, int]) -> None:
    for call in old.whole_calls(by_time=True):
        if isinstance(call.outcome, CallFailure):
            counts["failures"] += 1
        elif store.put_pending(call._replace(reused=True)):
            counts["calls"] += 1
        elif store.get(call.digest, call.draw) == call.outcome:
            counts["again"] += 1
        else:
            counts["conflicts"] += 1
