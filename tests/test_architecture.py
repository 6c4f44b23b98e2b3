"""What the code must look like whatever it does: imports point one way, importing does nothing, the public surface is listed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import socsim

ROOT = Path(__file__).parents[1]
PACKAGES = {"socsim": ROOT / "socsim", "socsim_analysis": ROOT / "analysis" / "socsim_analysis"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 60

ENGINE_LIBRARIES = {
    "xllamacpp",
    "openai",
    "aiohttp",
    "httptools",
    "httpx",
    "vllm",
    "transformers",
    "torch",
    "asyncio_throttle",
    "huggingface_hub",
}

CLUSTER_LIBRARIES = {"ray"}

LAYERS = (
    ("errors", {"errors"}),
    ("values", {"seeding", "items", "recognition", "observation", "events", "terminal", "loop", "provenance", "inference.types"}),
    (
        "values",
        {
            "scenario.base",
            "scenario.asking",
            "scenario.happenings",
            "scenario.people",
            "scenario.schedule",
            "scenario.worlds",
            "scenario.engines",
            "scenario.remembering",
            "scenario.root",
            "scenario.ways_of_meeting",
            "scenario.options_adoption",
            "scenario.options_conventions",
            "scenario.options_feed",
            "scenario.options_games",
            "scenario.options_groups",
            "scenario.options_estimates",
            "scenario.options_survey",
            "scenario.options_staged",
            "scenario.options_votes",
        },
    ),
    ("values", {"population.persona", "cells", "effects", "activation", "trials"}),
    (
        "text and measures",
        {
            "prompts",
            "parsing",
            "word_search",
            "measures",
            "population.rendering",
            "population.labels",
            "state",
            "view",
            "progress",
            "execution",
        },
    ),
    ("declared parts", {"scenario"}),
    (
        "people, ties, models, record, engines",
        {"population", "network", "dynamics", "crowds", "models", "record", "inference", "tables", "showing"},
    ),
    ("checked scenario", {"scenario.checks", "scenario.trying", "scenario.loading", "scenario.texts", "scenario.__init__"}),
    ("client", {"inference.client", "inference.dry", "inference.factory", "inference.replay", "session", "run_folder"}),
    ("readouts", {"readouts", "happenings", "scripted_answers", "contents"}),
    ("agent", {"event", "agent"}),
    ("interactions", {"interactions", "memory"}),
    ("model", {"world", "staging", "outcomes", "troupe", "model", "carrying", "forecasting"}),
    (
        "runner",
        {
            "laying_out",
            "clusters",
            "conducting",
            "branching",
            "interviewing",
            "runner",
            "resuming",
            "forking",
            "pruning",
            "previewing",
            "turn_prompts",
            "giveaways",
            "probing",
            "replaying",
            "scripting",
            "estimating",
        },
    ),
    ("command line", {"cli"}),
)
"""From the bottom up; a module belongs to the longest name that it begins with. Equal names of layers are one layer."""

TYPES_ONLY = {("socsim.agent", "socsim.model")}
"""Upward edges that exist for the type checker only: agent and model refer to each other in Mesa, too."""


@dataclass(frozen=True)
class Import:
    """One import statement's target. ``lazy``: inside a function; ``typing``: for the type checker only."""

    source: str
    target: str
    line: int
    lazy: bool
    typing: bool


@cache
def modules() -> dict[str, Path]:
    """All modules of both packages; a package is its ``__init__``."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            found[".".join((package, *path.relative_to(folder).with_suffix("").parts))] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[Import]:
    """All imports of a module, wherever they stand."""
    yield from _below(tree(name), name, lazy=False, typing=False)


def _below(node: ast.AST, name: str, *, lazy: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        checking = typing or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, child.lineno, inside, checking)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{name}:{child.lineno}: relative import"
            for alias in child.names:
                yield Import(name, f"{child.module}.{alias.name}", child.lineno, inside, checking)
        yield from _below(child, name, lazy=inside, typing=checking)


def own(target: str) -> str:
    """The module of ours that an imported name lies in, or "" for another library's."""
    parts = target.split(".")
    while parts and parts[0] in PACKAGES:
        if ".".join(parts) in modules():
            return ".".join(parts)
        if ".".join((*parts, "__init__")) in modules():
            return ".".join((*parts, "__init__"))
        parts.pop()
    return ""


def layer(module: str) -> int:
    """Height of a module's layer; -1 where it has none."""
    name = module.removeprefix("socsim.")
    names = [title for title, _ in LAYERS]
    best, height = "", -1
    for title, prefixes in LAYERS:
        for prefix in prefixes:
            if (name == prefix or name.startswith(prefix + ".")) and len(prefix) > len(best):
                best, height = prefix, names.index(title)
    return height


SOCSIM = sorted(name for name in modules() if name.startswith("socsim.") and name != "socsim.__init__")
EVERY = [entry for name in sorted(modules()) for entry in imported(name)]


def where(entry: Import) -> str:
    return f"{modules()[entry.source].relative_to(ROOT)}:{entry.line}: imports {entry.target}"


def test_every_module_has_a_layer() -> None:
    missing = [name for name in SOCSIM if layer(name) < 0]
    assert not missing, f"give them a place in LAYERS: {missing}"


def test_imports_point_down_or_sideways() -> None:
    upward = []
    for entry in EVERY:
        target = own(entry.target)
        if entry.source == "socsim.__init__" or not entry.source.startswith("socsim.") or not target.startswith("socsim."):
            continue
        if layer(entry.source) < 0:
            continue  # named by the test above
        if target == "socsim.__init__" or layer(target) > layer(entry.source):
            upward.append(entry)
    assert {(entry.source, own(entry.target)) for entry in upward if entry.typing} <= TYPES_ONLY
    assert not [where(entry) for entry in upward if not entry.typing]


@pytest.mark.parametrize("lazy", [False, True], ids=["at import", "inside functions too"])
def test_imports_close_no_circle(lazy: bool) -> None:
    edges: dict[str, set[str]] = {name: set() for name in modules()}
    for entry in EVERY:
        target = own(entry.target)
        if target and target != entry.source and not entry.typing and (lazy or not entry.lazy):
            edges[entry.source].add(target)
    edges.pop("socsim.__init__")
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_importing_a_module_first_closes_no_circle_through_its_packages() -> None:
    """Importing ``a.b`` runs ``a/__init__`` first, so that is an edge, too."""
    edges: dict[str, set[str]] = {name: set() for name in modules()}
    for entry in EVERY:
        target = own(entry.target)
        if not target or entry.typing or entry.lazy:
            continue
        edges[entry.source] |= {target} - {entry.source}
        parts = target.split(".")[:-1]
        above = {".".join((*parts[:depth], "__init__")) for depth in range(2, len(parts) + 1)}
        edges[entry.source] |= {package for package in above if package in modules() and not _within(entry.source, package)}
    edges.pop("socsim.__init__")
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def _within(module: str, package: str) -> bool:
    return module.startswith(package.removesuffix("__init__"))


def test_engine_libraries_are_imported_only_by_engines_and_inside_functions() -> None:
    wrong = [
        where(entry)
        for entry in EVERY
        if entry.target.split(".")[0] in ENGINE_LIBRARIES
        and not entry.typing
        and not (entry.source.startswith("socsim.inference.") and entry.lazy)
    ]
    assert not wrong


def test_cluster_libraries_are_imported_only_by_the_module_of_that_cluster_and_inside_functions() -> None:
    wrong = [
        where(entry)
        for entry in EVERY
        if entry.target.split(".")[0] in CLUSTER_LIBRARIES
        and not entry.typing
        and not (entry.source == "socsim.clusters.on_ray" and entry.lazy)
    ]
    assert not wrong


def test_the_simulator_reaches_the_analysis_only_for_reports_and_the_command_line() -> None:
    allowed = ("socsim.cli.", "socsim.conducting")
    wrong = [
        where(entry)
        for entry in EVERY
        if entry.source.startswith("socsim.")
        and entry.target.split(".")[0] in ("socsim_analysis", "benchmarks", "analysis")
        and not (entry.lazy and entry.source.startswith(allowed))
    ]
    assert not wrong


def test_modules_and_functions_stay_short() -> None:
    long = []
    for name, path in modules().items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > MOST_FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {length} lines")
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    assert not [name for name in modules() if not ast.get_docstring(tree(name))]


def test_the_public_names_are_those_that_are_visible_and_explained() -> None:
    assert sorted(socsim.__all__) == sorted(set(socsim.__all__))
    assert set(dir(socsim)) == set(socsim.__all__)
    assert set(socsim._HOMES) == set(socsim.__all__)
    for name in socsim.__all__:
        value = getattr(socsim, name)
        assert value.__name__ == name
        assert (value.__doc__ or "").strip(), f"{name} has no docstring"
        assert not value.__doc__.startswith(f"{name}("), f"{name} has only the docstring that a dataclass gets"
    for entry in imported("socsim.__init__"):
        if entry.typing:
            assert entry.target.rsplit(".", 1) == [socsim._HOMES[entry.target.split(".")[-1]], entry.target.split(".")[-1]]
    assert {entry.target.split(".")[-1] for entry in imported("socsim.__init__") if entry.typing} == set(socsim.__all__)


def test_no_submodule_is_called_like_a_public_name() -> None:
    """Importing ``socsim.run`` would put a module in the place of the function ``socsim.run``."""
    children = {name.split(".")[1] for name in SOCSIM}
    assert not children & set(socsim.__all__)


WATCH = """
import importlib, io, json, logging, os, signal, sys, threading
from contextlib import redirect_stderr, redirect_stdout

def state():
    loggers = [logging.root, *(one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger))]
    return {
        "environment": dict(os.environ),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "log handlers": sorted(
            f"{one.name}: {handler!r}" for one in loggers for handler in one.handlers if type(handler) is not logging.NullHandler
        ),
        "log level": logging.root.level,
        "search path": list(sys.path),
        "working folder": os.getcwd(),
        "files": sorted(os.path.join(where, name) for where, _, names in os.walk(".") for name in names),
        "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM)],
        "hooks": [str(sys.excepthook), str(threading.excepthook)],
    }

names, others = json.loads(sys.argv[1])
for name in others:  # what other libraries do when they are imported is theirs
    importlib.import_module(name)
found = {}
for name in names:
    before, said = state(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        importlib.import_module(name)
    after = state()
    changed = [key for key in before if before[key] != after[key]]
    if said.getvalue():
        changed.append(f"said {said.getvalue()!r}")
    if changed:
        found[name] = [f"{key}: {before.get(key)} -> {after.get(key)}" for key in changed]
import socsim
for name in socsim.__all__:
    if type(getattr(socsim, name)).__name__ == "module":
        found[name] = ["a module stands in the place of a public name"]
print(json.dumps(found))
"""


def test_importing_does_nothing(tmp_path: Path) -> None:
    """Every module, one after the other in a fresh process with an empty home, leaves everything as it was."""
    names = [name.removesuffix(".__init__") for name in sorted(modules()) if not name.endswith("__main__")]
    others = {
        entry.target.split(".")[0]: None
        for entry in EVERY
        if not (entry.lazy or entry.typing or own(entry.target) or entry.target.startswith("__future__"))
    }
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")}
    environment = kept | {
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "analysis"))),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCH, json.dumps([names, list(others)])],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {}
    assert list(tmp_path.iterdir()) == []
