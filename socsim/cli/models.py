"""Commands about model files: models list, pull, path, check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import Quiet
from socsim.cli.console import EXIT_ERROR, complain, say, table

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from socsim.models.catalog import KnownModel
    from socsim.models.fetching import Progress
    from socsim.models.finding import ModelCheck

__all__ = ["app"]

app = typer.Typer(help="List, fetch, find and check model files.", no_args_is_help=True)

# Kept in step with socsim.models.DEFAULT_MODEL by a test; written out so that --help loads no models code.
_DEFAULT = "smollm2-135m"
Name = Annotated[str, typer.Argument(help="Name of the model, hf:owner/repo/file.gguf, or the path of a .gguf file.")]


@app.command("list")
def list_command() -> None:
    """List the models known by name, with size, licence and source, and say which are here."""
    from socsim.models import CATALOG, model_path

    head = ("name", "here", "size", "licence", "from", "what it is")
    rows = [
        (name, _here(model), _megabytes(model.size), model.licence, model.source, model.description)
        for name, model in CATALOG.items()
    ]
    say(table([head, *rows]))
    say(f"\nkept in {model_path(_DEFAULT).parent}. Any path of a .gguf file works too, chat-tuned or base.")


def _here(model: KnownModel) -> str:
    from socsim.models import model_path

    path = model_path(model.name)
    if not path.is_file():
        return "no"
    return "yes" if path.stat().st_size == model.size else "damaged"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else "?"


@app.command("pull")
def pull_command(name: Name = _DEFAULT, quiet: Quiet = False) -> None:
    """Fetch a model, unless it is here and sound, and verify its SHA-256."""
    from socsim.models import pull_model

    with _showing(quiet) as progress:
        path = pull_model(name, progress)
    if not quiet:
        say(f"{name}: {path}")


@app.command("path")
def path_command(name: Name = _DEFAULT) -> None:
    """Print where a model lies. Exit code 1 if it is not here."""
    from socsim.models import find_model

    say(str(find_model(name)))


@app.command("check")
def check_command(name: Name = _DEFAULT, quiet: Quiet = False) -> None:
    """Check a model file: size, SHA-256, and what its header says. Exit code 1 if it is not the published file."""
    from socsim.models import check_model

    with _showing(quiet) as progress:
        found = check_model(name, progress)
    say(table(_facts(found)))
    if found.as_published is False:
        complain(f"error: this is not the published file. Fetch it again: socsim models pull {name}")
        raise typer.Exit(EXIT_ERROR)


def _facts(found: ModelCheck) -> list[tuple[str, str]]:
    header = found.header
    verdict = {True: "as published", False: f"differs from the published {found.expected_sha256}", None: "none published here"}
    return [
        ("path", str(found.path)),
        ("size", f"{found.size} bytes"),
        ("sha256", f"{found.sha256} ({verdict[found.as_published]})"),
        ("format", f"GGUF {header.version}, {header.tensors} tensors"),
        ("name", header.name or "-"),
        ("architecture", header.architecture or "-"),
        ("parameters", f"{header.parameters:,}"),
        ("quantisation", header.quantisation),
        ("context", f"{header.context_tokens} tokens" if header.context_tokens else "not stated"),
        ("chat template", "yes" if header.chat_template else "none: a base model; use cloze readouts or style: plain"),
    ]


class _Lines:
    """A line for each stage of the work."""

    def __init__(self, quiet: bool) -> None:
        self._stages: list[str] = []
        self._quiet = quiet

    def __call__(self, stage: str, _done: int, total: int, /) -> None:
        if self._quiet or stage in self._stages:
            return
        self._stages.append(stage)
        complain(stage + (f" ({_megabytes(total)})" if total else ""))


class _Bar:
    """A progress bar that begins anew with each stage of the work."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._stage = ""
        self._task = bar.add_task("", total=None)

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        if stage != self._stage:
            self._stage = stage
            self._bar.reset(self._task, description=stage)
        self._bar.update(self._task, completed=min(done, total) if total else done, total=total or None)


@contextmanager
def _showing(quiet: bool) -> Iterator[Progress]:
    """Progress on standard error: a bar on a terminal, lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield _Lines(quiet)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with RichProgress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar)
