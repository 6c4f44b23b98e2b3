"""Whatever is done to a valid file, the answer is a scenario or a list of problems with lines."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from socsim.errors import Problem, ScenarioError
from socsim.scenario import check_scenario, starter_text
from socsim.scenario.document import parse_document

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        " ",
        "\n",
        "  ",
        "- ",
        '"',
        "'",
        "|",
        ">",
        "#",
        "&a ",
        "*a ",
        "!x ",
        "? ",
        ", ",
        "~",
        "no",
        "-1",
        ".inf",
    ),
    *(
        "1e999",
        "\t",
        "\x00",
        "\u2028",
        "é",
        "{option}",
        "{x}",
        "..",
        "/",
        "0",
        "99999999999999999999",
        "none",
        "items",
        "%",
        "---\n",
    ),
    *("@", "`"),
]


def mutated(text: str, rng: random.Random) -> str:
    """The text with one to three pieces deleted, doubled or replaced."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.choice([1, 1, 2, 5, 20, 80]))
        text = text[:start] + rng.choice(["", "", rng.choice(PIECES), rng.choice(PIECES), text[start:end] * 2]) + text[end:]
    return text


def mutated_lines(text: str, rng: random.Random) -> str:
    """The text with a line removed, moved, doubled or indented."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    at = rng.randrange(len(lines))
    line = lines.pop(at)
    for changed in rng.choice([[], [line, line], [" " + line], [line[1:]], [line.split(":")[0] + ":"], [line + " x"]]):
        lines.insert(rng.choice([at, rng.randrange(len(lines))]), changed)
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["starter", "money_request_11_20", "crowd_estimates", "message_experiment"])
def test_a_damaged_file_gives_problems_and_nothing_else(name: str, tmp_path: Path) -> None:
    text = starter_text() if name == "starter" else (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    for folder in ("data", "prompts"):
        (tmp_path / folder).mkdir()
        for file in (SCENARIOS / folder).iterdir():
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    rng = random.Random(name)
    path = tmp_path / "damaged.yaml"
    refused = 0
    for number in range(60):
        damaged = mutated(text, rng) if number % 2 else mutated_lines(text, rng)
        path.write_text(damaged, encoding="utf-8")
        problems = check_scenario(path)
        refused += bool(problems)
        assert all(problem.line > 0 and problem.column > 0 and problem.fix for problem in problems), (damaged, problems)
    assert refused > 20


def refusal(text: str) -> tuple[Problem, ...]:
    """Problems of a text as a document, if any."""
    try:
        parse_document(text, "noise")
    except ScenarioError as error:
        return error.problems
    return ()


def test_noise_is_no_document() -> None:
    rng = random.Random(1)
    for _ in range(600):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 30)))
        assert all(problem.line > 0 and problem.fix for problem in refusal(text))
