"""Commands that make files of records, or change one: record export, record merge, record prune."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from socsim.cli.arguments import RunFolder
from socsim.cli.console import say, table

__all__ = ["add_commands"]


class CallFormat(StrEnum):
    """Formats that calls are exported in."""

    jsonl = "jsonl"
    parquet = "parquet"


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the group of record commands."""
    app.command("export")(export_command)
    app.command("merge")(merge_command)
    app.command("prune")(prune_command)


def export_command(
    run: RunFolder,
    out: Annotated[Path, typer.Option("--out", help="File to write.", show_default=False)],
    form: Annotated[CallFormat, typer.Option("--format", help="One JSON object a line, or a Parquet file.")] = CallFormat.jsonl,
    requests: Annotated[
        bool,
        typer.Option(
            "--requests",
            help="Only prompts and lengths of replies, for vllm bench serve --dataset-name custom --custom-output-len -1.",
        ),
    ] = False,
) -> None:
    """Write every call of a record with its whole prompt, in the order of recording. Works while the run goes on."""
    from socsim.record.caching import record_file
    from socsim.record.exporting import export_jsonl, export_parquet, export_requests
    from socsim.record.store import RecordStore

    if requests and form is not CallFormat.jsonl:
        raise typer.BadParameter("a trace of requests is always JSON lines; leave --format out", param_hint="--format")
    write = export_requests if requests else {CallFormat.jsonl: export_jsonl, CallFormat.parquet: export_parquet}[form]
    with closing(RecordStore.open(record_file(run), read_only=True)) as store:
        count = write(store, out)
    say(f"{count} {'requests' if requests else 'calls'}: {out}")


def merge_command(
    runs: Annotated[list[Path], typer.Argument(help="Run folders or record files, the most trusted first.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Record file to make.", show_default=False)],
) -> None:
    """Make one record of the answered calls of several runs of one model, to be used with socsim run --reuse.

    Where two have the same call with different replies, the first one's is kept.
    """
    from socsim.record.merging import merge_records

    merged = merge_records(runs, out)
    rows = [("calls", f"{merged.calls}"), ("in several, equal", f"{merged.again}")]
    rows += [("in several, the first kept", f"{merged.conflicts}"), ("failures left out", f"{merged.failures}")]
    say(table([*rows, ("record", str(out))]))


def prune_command(
    run: RunFolder,
    pieces: Annotated[bool, typer.Option("--pieces", help="Also remove the token ids of prompts (their texts stay).")] = False,
) -> None:
    """Remove from the record of a finished run what no event refers to, and the free space. The run replays as before."""
    from socsim.pruning import prune

    pruned = prune(run, pieces=pieces)
    rows = [(f"{name} removed", f"{getattr(pruned, name)}") for name in ("calls", "texts", "pieces")]
    say(table([*rows, ("bytes before", f"{pruned.bytes_before}"), ("bytes after", f"{pruned.bytes_after}")]))
