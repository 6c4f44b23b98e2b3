"""Whether a record is whole: the file, its calls against the digests that name them, its events against its calls.

Hashes of results are checked elsewhere, against the manifest. A changed prompt shows here; a changed reply shows there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from socsim.errors import RecordError
from socsim.record.store import RecordStore

__all__ = ["check_record"]


def check_record(store: RecordStore, most: int = 20) -> list[str]:
    """What is wrong with a record, in words; empty if nothing.

    Args:
        store: the record.
        most: findings that are listed one by one; where there are more, a last line says so.
    """
    found = list(islice(_problems(store), most + 1))
    return [*found[:most], f"{store.path}: and more"] if len(found) > most else found


def _problems(store: RecordStore) -> Iterator[str]:
    for (line,) in store.query("PRAGMA integrity_check"):
        if line != "ok":
            yield f"{store.path}: the file is damaged: {line}"
    yield from _changed_calls(store)
    yield from _missing_calls(store)


def _changed_calls(store: RecordStore) -> Iterator[str]:
    for digest, draw, decode in store.undecoded_calls():
        place = f"call {digest}, draw {draw or 'none'}"
        try:
            request, _ = decode()
        except RecordError as error:
            yield f"{place}: cannot be read: {error}"
            continue
        if request.digest() != digest:
            yield f"{place}: the stored request is not the one that was asked: its digest is {request.digest()}"


def _missing_calls(store: RecordStore) -> Iterator[str]:
    for event in store.each_event():
        for path, digest, draw in event.calls:
            if not store.holds(digest, draw):
                where = f"arm {event.arm}, replicate {event.replicate}, step {event.step}, agent {event.agent}"
                where += f", turn {event.turn}" if event.turn else ""
                yield f"{where}: call {path} ({digest}, draw {draw or 'none'}) of this event is not in the record"
