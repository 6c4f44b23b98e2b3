"""What a record knows of a run beside calls and results: jobs at a provider, and figures of each process.

A job is written down before it is sent and when its number is known (see `socsim.inference.provider_batch`); every method
that writes returns when it is safe from the end of the process.
"""

from __future__ import annotations

import os
import socket
import uuid
import zlib
from datetime import UTC, datetime
from typing import Any

import orjson

from socsim.errors import RecordError
from socsim.inference.provider_batch import OpenBatch
from socsim.record.packing import compress
from socsim.record.reading import Reading
from socsim.record.writer import RecordWriter, Rows

__all__ = ["Ledger"]

_OPEN = "open"


class Ledger:
    """Jobs and figures in one record.

    Args:
        reading: where they are read.
        writer: where they are put; None for a record that is only read.
    """

    def __init__(self, reading: Reading, writer: RecordWriter | None) -> None:
        self._reading = reading
        self._writer = writer
        self._process = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def put_intent(self, batch: OpenBatch, endpoint: str) -> None:
        """See `RecordStore.put_batch_intent`."""
        calls = compress(orjson.dumps(batch.keys))
        self._write(
            "INSERT INTO batches (name, created, endpoint, calls, job_id, status) VALUES (?, ?, ?, ?, ?, ?)",
            (batch.name, _now(), endpoint, calls, batch.job_id or None, _OPEN),
        )

    def set_id(self, name: str, job_id: str) -> None:
        """See `RecordStore.set_batch_id`."""
        self._known(name)
        self._write("UPDATE batches SET job_id = ? WHERE name = ?", (job_id, name))

    def close(self, name: str, status: str) -> None:
        """See `RecordStore.close_batch`."""
        self._known(name)
        self._write("UPDATE batches SET status = ? WHERE name = ?", (status, name))

    def open_batches(self) -> list[OpenBatch]:
        """See `RecordStore.open_batches`."""
        if self._reading.version == "1":
            return []
        rows = self._reading.rows("SELECT name, calls, job_id FROM batches WHERE status = ? ORDER BY created, name", _OPEN)
        return [OpenBatch(name, _keys(calls), job_id or "") for name, calls, job_id in rows]

    def put_figures(self, name: str, value: Any) -> None:
        """See `RecordStore.put_telemetry`."""
        statement = "INSERT OR REPLACE INTO telemetry (name, process, at, value) VALUES (?, ?, ?, ?)"
        self._write(statement, (name, self._process, _now(), orjson.dumps(value).decode()))

    def figures(self, name: str) -> list[Any]:
        """See `RecordStore.telemetry`."""
        if self._reading.version == "1":
            return []
        rows = self._reading.rows("SELECT value FROM telemetry WHERE name = ? ORDER BY at, process", name)
        return [orjson.loads(value) for (value,) in rows]

    def _known(self, name: str) -> None:
        if not self._reading.rows("SELECT 1 FROM batches WHERE name = ?", name):
            raise RecordError(f"{self._reading.path}: no batch job {name!r} was written down.")

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        if self._writer is None:
            raise RecordError(f"{self._reading.path}: the record was opened read-only.")
        self._writer.put([Rows((statement, [values]))])
        self._writer.flush()


def _keys(stored: bytes) -> tuple[tuple[str, str, int], ...]:
    return tuple((number, digest, seed) for number, digest, seed in orjson.loads(zlib.decompress(stored)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
