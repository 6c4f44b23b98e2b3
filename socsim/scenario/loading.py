"""From a scenario file to a checked scenario, or to all that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from socsim.errors import Problem, ScenarioError
from socsim.scenario.availability import not_yet_available
from socsim.scenario.checks import check, placed
from socsim.scenario.document import MAX_BYTES, Document, parse_document
from socsim.scenario.places import Places
from socsim.scenario.quoting import bare_words, empty_fields
from socsim.scenario.resolving import resolve
from socsim.scenario.root import Scenario
from socsim.scenario.translating import translated

__all__ = ["LoadedScenario", "check_scenario", "load_scenario"]


@dataclass(frozen=True)
class LoadedScenario:
    """A checked scenario with its place on disk.

    ``folder`` is where the data files it names are; ``text`` is the file as read.
    """

    scenario: Scenario
    folder: Path
    text: str
    path: Path

    def resolved(self) -> Scenario:
        """The scenario with all file texts inlined and items from tables expanded; only data sources stay outside.

        Raises:
            ScenarioError: a file has gone since the scenario was loaded.
        """
        return resolve(self.scenario, self.folder)

    def placed(self, error: ScenarioError) -> ScenarioError:
        """The same error, with the line of every problem that names a field of this file but has no place yet."""
        places = Places(parse_document(self.text, str(self.path)))
        return type(error)([placed(problem, places) for problem in error.problems])

    def not_yet_available(self) -> list[Problem]:
        """Valid parts that this version cannot run, each with its place in the file."""
        places = Places(parse_document(self.text, str(self.path)))
        return _sorted([placed(problem, places) for problem in not_yet_available(self.resolved())])


def load_scenario(path: Path | str, *, data_folder: Path | str | None = None) -> LoadedScenario:
    """Read and check a scenario file.

    Args:
        path: the file.
        data_folder: where the files it names are, if not beside it.

    Raises:
        ScenarioError: with every problem found: file, line, column, field, what was found, what is allowed.
    """
    path = Path(path)
    folder = Path(data_folder) if data_folder is not None else path.parent
    text = _read(path)
    document = parse_document(text, str(path))
    scenario = _validated(document)
    problems = _checked(scenario, document, folder)
    if problems:
        raise ScenarioError(problems)
    return LoadedScenario(scenario, folder, text, path)


def check_scenario(path: Path | str) -> list[Problem]:
    """Everything wrong with a scenario file; empty where it is valid."""
    try:
        load_scenario(path)
    except ScenarioError as error:
        return list(error.problems)
    return []


def _read(path: Path) -> str:
    def refused(message: str, fix: str, line: int = 1, column: int = 1) -> ScenarioError:
        return ScenarioError(Problem(message, "", str(path), line, column, fix))

    try:
        if not path.exists():
            raise refused("there is no such file", "Check the path; `socsim init` writes a file to start from")
        if not path.is_file():
            raise refused("this is not an ordinary file", "Give the path of a scenario file (.yaml)")
        if path.stat().st_size > MAX_BYTES:
            raise refused(f"larger than {MAX_BYTES} bytes", "Move data into a table beside the scenario")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise refused(f"cannot be read: {reason}", "Check the path and its permissions") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise refused("not UTF-8 text", "Save the file as UTF-8", line, column) from error


def _validated(document: Document) -> Scenario:
    places = Places(document)
    bare = empty_fields(document) | bare_words(document)
    try:
        scenario = Scenario.model_validate(document.root.data)
    except ValidationError as error:
        problems = translated(error, places)
        known = {problem.field for problem in bare.values()}
        raise ScenarioError(_sorted([*bare.values(), *(p for p in problems if p.field not in known)])) from error
    if bare:
        raise ScenarioError(_sorted(list(bare.values())))
    return scenario


def _checked(scenario: Scenario, document: Document, folder: Path) -> list[Problem]:
    unique = {(p.line, p.field, p.message): p for p in check(scenario, folder, Places(document))}
    return _sorted(list(unique.values()))


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column))
