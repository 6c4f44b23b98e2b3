"""Files that a scenario names: inside its own folder, ordinary, and not too large."""

from __future__ import annotations

import re
from pathlib import Path

from socsim.errors import Problem, ScenarioError

__all__ = ["MAX_DATA_BYTES", "MAX_TEXT_BYTES", "file_problem", "form_problem", "read_text", "tidy_text"]

MAX_TEXT_BYTES = 1_000_000
MAX_DATA_BYTES = 1_000_000_000
_DRIVE = re.compile(r"[A-Za-z]:")


def file_problem(folder: Path, name: str, max_bytes: int = MAX_DATA_BYTES) -> tuple[str, str] | None:
    """What is wrong with a file named in a scenario, and how to mend it; None where nothing is.

    Args:
        folder: the scenario's folder.
        name: the path as written, relative to the folder.
        max_bytes: largest allowed size.
    """
    outside = form_problem(name)
    if outside is not None:
        return outside
    try:
        return _on_disk(folder, name, max_bytes)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it cannot be followed"
        return f"{name!r} cannot be used: {reason}", "Give the path of an ordinary file"


def form_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with how a file is named, wherever it is; None where nothing is."""
    if not name.strip() or "\x00" in name:
        return "a file name is empty or unusable", "Give a path relative to the scenario's folder"
    if "://" in name:
        return f"{name!r} is an address, not a file", "Download it and put it beside the scenario"
    if name.startswith(("/", "\\", "~")) or _DRIVE.match(name):
        return f"{name!r} is an absolute path", "Give a path relative to the scenario's folder, and put the file there"
    if "\\" in name:
        return f"{name!r} has backslashes", f"Write {name.replace(chr(92), '/')!r}"
    if ".." in name.split("/"):
        return f"{name!r} leads out of the scenario's folder", "Put the file inside the scenario's folder"
    return None


def _on_disk(folder: Path, name: str, max_bytes: int) -> tuple[str, str] | None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{name!r} leads out of the scenario's folder through a link", "Copy the file into the scenario's folder"
    if not path.exists():
        return f"there is no file {name!r} beside the scenario", _similar(path)
    if not path.is_file():
        return f"{name!r} is not an ordinary file", "Give the path of an ordinary file"
    size = path.stat().st_size
    if size > max_bytes:
        return f"{name!r} has {size} bytes; at most {max_bytes} are read", "Give a smaller file"
    return None


def _similar(path: Path) -> str:
    from socsim.scenario.places import nearest

    names = sorted(p.name for p in path.parent.iterdir() if p.is_file())[:1000] if path.parent.is_dir() else []
    near = nearest(path.name, names)
    return f"Did you mean {near!r}?" if near else f"Create it, or correct the path (looked in the folder {path.parent.name!r})"


def tidy_text(text: str) -> str:
    """Line ends become ``\\n``; a byte-order mark and white space at the end go."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip()


def read_text(folder: Path, name: str) -> str:
    """The text of a file beside the scenario, tidied.

    Raises:
        ScenarioError: it is missing, outside the folder, too large, not UTF-8 or empty.
    """
    wrong = file_problem(folder, name, MAX_TEXT_BYTES)
    if wrong is not None:
        raise ScenarioError(Problem(wrong[0], fix=wrong[1]))
    try:
        text = tidy_text((folder / name).read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(f"{name!r} is not UTF-8 text (byte {error.start})", fix="Save it as UTF-8")) from error
    except OSError as error:
        raise ScenarioError(Problem(f"{name!r} cannot be read: {error.strerror}", fix="Check its permissions")) from error
    if not text or "\x00" in text:
        raise ScenarioError(Problem(f"{name!r} is empty or holds null characters", fix="Write the text into it"))
    return text
