"""Commands about the record of a run: record stats, record verify, record compare."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import RunFolder
from socsim.cli.console import EXIT_ERROR, complain, say, table

if TYPE_CHECKING:
    from socsim.record.comparing import RecordComparison
    from socsim.record.store import RecordStore

__all__ = ["app"]

app = typer.Typer(help="Look into the record of a run, verify it, or compare two.", no_args_is_help=True)


def _record_file(run: Path) -> Path:
    return run / "record.sqlite"


@app.command("stats")
def stats_command(run: RunFolder) -> None:
    """Count the calls in a record, their tokens, their failures and the space they take. Works while the run goes on."""
    from socsim.record.store import RecordStore

    with closing(RecordStore.open(_record_file(run), read_only=True)) as store:
        say(table(_stats(store, _size(_record_file(run)))))


def _size(file: Path) -> int:
    """Bytes of the record with its write-ahead log."""
    return sum(part.stat().st_size for part in (file, file.with_name(file.name + "-wal")) if part.is_file())


def _stats(store: RecordStore, size: int) -> list[tuple[str, str]]:
    calls: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for call in store.calls():
        calls[call.kind] += 1
        tokens.update({name: getattr(call, name) or 0 for name in ("prompt_tokens", "cached_tokens", "completion_tokens")})
        if call.status == "failed":
            failures[call.failure.split(":")[0]] += 1
    total = calls.total()
    rows = [("calls", f"{total}"), *((f"  {kind}", f"{count}") for kind, count in sorted(calls.items()))]
    rows += [("failed calls", f"{failures.total()}"), *((f"  {kind}", f"{count}") for kind, count in sorted(failures.items()))]
    rows += [(name.replace("_", " "), f"{tokens[name]}") for name in ("prompt_tokens", "cached_tokens", "completion_tokens")]
    rows += [("events", f"{store.event_count()}"), ("possibly billed twice", f"{store.possibly_billed_twice}")]
    rows += [("bytes", f"{size}"), ("bytes per call", f"{size / total:.0f}" if total else "-")]
    return rows


@app.command("verify")
def verify_command(run: RunFolder) -> None:
    """Compare record, tables and manifest of a finished run by their hashes. Exit code 1 if they disagree.

    Whether re-executing the run gives the same is another question: socsim replay.
    """
    from socsim.run_folder import Run

    done = Run(run)
    written = done.manifest.get("tables") or {}
    if not written:
        complain(f"error: {run} has no tables yet (status {done.status}). End it first: socsim resume {run}")
        raise typer.Exit(EXIT_ERROR)
    found = {"record": done.recorded_hashes(), "tables": done.table_hashes()}
    wrong = [
        f"{name}: {source} says {hashes.get(name)}, the manifest {expected}"
        for name, expected in sorted(written.items())
        for source, hashes in found.items()
        if hashes.get(name) != expected
    ]
    for line in wrong:
        complain(line)
    if wrong:
        raise typer.Exit(EXIT_ERROR)
    say(f"verified: {len(written)} tables agree with the record and the manifest")


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
