"""Commands that look into the record of a run: record stats, record verify, record compare."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli import record_files
from socsim.cli.arguments import RunFolder
from socsim.cli.console import EXIT_ERROR, complain, say, table

if TYPE_CHECKING:
    from socsim.record.comparing import RecordComparison
    from socsim.record.summarising import Latency, RecordSummary
    from socsim.run_folder import Run

__all__ = ["app"]

app = typer.Typer(help="Look into the record of a run, verify it, compare, export, merge and prune.", no_args_is_help=True)
record_files.add_commands(app)


def _record_file(run: Path) -> Path:
    return run / "record.sqlite"


@app.command("stats")
def stats_command(run: RunFolder) -> None:
    """Count the calls in a record, their tokens, failures, latencies and the space they take. Works while the run goes on."""
    from socsim.record.pruning import record_bytes
    from socsim.record.store import RecordStore
    from socsim.record.summarising import summarise

    with closing(RecordStore.open(_record_file(run), read_only=True)) as store:
        say(table(_stats(summarise(store), record_bytes(_record_file(run)))))


def _stats(found: RecordSummary, size: int) -> list[tuple[str, str]]:
    totals, calls = found.totals, found.totals["calls"]
    rows = [("calls", f"{calls}"), *_counts(found.kinds)]
    rows += [("reused calls", f"{totals['reused']}"), ("attempts", f"{totals['attempts']}")]
    rows += [("failed calls", f"{totals['failures']}"), *_counts(found.failures)]
    rows += [("calls with notes", f"{sum(found.notes.values())}"), *_counts(found.notes)] if found.notes else []
    rows += [(name.replace("_", " "), f"{totals[name]}") for name in ("prompt_tokens", "cached_tokens", "completion_tokens")]
    rows += [("cached share", _share(found.cached_share)), ("dedup share", _share(found.dedup_share))]
    rows += [("e2el p50, p90, p99 in s", _seconds(found.e2el)), ("ttft p50, p90, p99 in s", _seconds(found.ttft))]
    rows += [("events", f"{found.events}"), ("possibly billed twice", f"{found.possibly_billed_twice}")]
    rows += [("open batch jobs", f"{found.open_batches}")] if found.open_batches else []
    rows += [("bytes", f"{size}"), ("bytes per call", f"{size / calls:.0f}" if calls else "-")]
    return rows


def _counts(counts: dict[str, int]) -> list[tuple[str, str]]:
    return [(f"  {name}", f"{count}") for name, count in counts.items()]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _seconds(latency: Latency | None) -> str:
    return "-" if latency is None else ", ".join(f"{seconds:.3g}" for seconds in (latency.p50, latency.p90, latency.p99))


@app.command("verify")
def verify_command(run: RunFolder) -> None:
    """Check that a finished run is whole. Exit code 1 if it is not.

    The file is sound; every stored prompt has the digest it was asked under; every call of every event is there; record,
    tables and manifest agree by their hashes. Whether re-executing the run gives the same is another question: socsim replay.
    """
    from socsim.record.checking import check_record
    from socsim.record.store import RecordStore
    from socsim.run_folder import Run

    done = Run(run)
    with closing(RecordStore.open(_record_file(run), read_only=True)) as store:
        wrong = check_record(store)
        calls = store.totals()["calls"]
    written = done.manifest.get("tables") or {}
    if not written:
        for line in wrong:
            complain(line)
        complain(f"error: {run} has no tables yet (status {done.status}). End it first: socsim resume {run}")
        raise typer.Exit(EXIT_ERROR)
    if not wrong:
        wrong = _differing_tables(done, written)
    for line in wrong:
        complain(line)
    if wrong:
        raise typer.Exit(EXIT_ERROR)
    say(f"verified: {calls} calls are whole; {len(written)} tables agree with the record and the manifest")


def _differing_tables(done: Run, written: dict[str, str]) -> list[str]:
    found = {"record": done.recorded_hashes(), "tables": done.table_hashes()}
    return [
        f"{name}: {source} says {hashes.get(name)}, the manifest {written.get(name)}"
        for name in sorted({*written, *found["record"], *found["tables"]})
        for source, hashes in found.items()
        if hashes.get(name) != written.get(name)
    ]


@app.command("compare")
def compare_command(
    run: RunFolder,
    other: Annotated[Path, typer.Argument(help="Another run folder to compare with.", show_default=False)],
) -> None:
    """Say how many calls of two runs got equal replies: among those with the same request and the same draw key.

    Texts are equal if every character is, scores if all log-probabilities are equal to within 0.000001. Two fresh runs of one
    scenario on a real model need not be equal (what reproduces a run is its record); this tells how far they are.
    """
    from socsim.record.comparing import compare_calls
    from socsim.record.store import RecordStore

    with (
        closing(RecordStore.open(_record_file(run), read_only=True)) as first,
        closing(RecordStore.open(_record_file(other), read_only=True)) as second,
    ):
        say(table(_compared(compare_calls(first.calls(), second.calls()), run, other)))


def _compared(found: RecordComparison, run: Path, other: Path) -> list[tuple[str, str]]:
    rows = []
    for name, part in (("replies", found.total), ("texts", found.texts), ("scores", found.scores)):
        share = "-" if part.share is None else f"{part.share:.1%}"
        rows.append((f"equal {name}", f"{part.equal} of {part.both} ({share})"))
    rows.append(("largest difference of log-probabilities", f"{found.largest_difference:.3g}"))
    rows += [(f"calls only in {run}", f"{found.only_first}"), (f"calls only in {other}", f"{found.only_second}")]
    return rows
