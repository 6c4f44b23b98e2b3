"""Commands about scenario files: validate, schema, init, preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import Agent, Arm, Replicate, ScenarioFile, Step
from socsim.cli.console import EXIT_ERROR, EXIT_SCENARIO, complain, say
from socsim.cli.running import load
from socsim.cli.wording import warn_of_words
from socsim.errors import ScenarioError

if TYPE_CHECKING:
    from socsim.inference.types import Style

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("validate")(validate_command)
    app.command("preview")(preview_command)
    app.command("init")(init_command)
    app.command("schema")(schema_command)


def validate_command(
    files: Annotated[list[Path], typer.Argument(help="Scenario files (YAML).", show_default=False)],
) -> None:
    """Check scenario files and report every problem with its line, what was found and what is allowed.

    Exit code 2 if any file has a problem. A file that is valid but uses parts of the format that this version cannot run is
    named as such. Words in prompts that give away a finding that the scenario is held against are warned of.
    """
    broken = False
    for file in files:
        try:
            loaded = load(file)
            missing = loaded.not_yet_available()
            warn_of_words(loaded)
        except ScenarioError as error:
            broken = True
            for problem in error.problems:
                complain(str(problem))
            continue
        say(f"{file}: valid" + (", but this version cannot run it:" if missing else ""))
        for problem in missing:
            say(f"  {problem}")
    if broken:
        raise typer.Exit(EXIT_SCENARIO)


def preview_command(
    file: ScenarioFile,
    agent: Agent,
    step: Step,
    arm: Arm = None,
    replicate: Replicate = 0,
    plain: Annotated[bool, typer.Option("--plain", help="As for a base model, without a chat template.")] = False,
) -> None:
    """Print the exact prompts that an agent gets at a step, without a model.

    What depends on replies (messages, own answers) stands in square brackets.
    """
    from socsim.previewing import preview

    loaded = load(file)
    style: Style = "plain" if plain else "chat"
    if replicate >= loaded.scenario.replicates:
        raise ScenarioError(f"there is no replicate {replicate}. Replicates are 0 to {loaded.scenario.replicates - 1}")
    try:
        text = preview(loaded, agent=agent, step=step, arm=arm, replicate=replicate, style=style)
    except ScenarioError as error:
        raise loaded.placed(error) from error
    warn_of_words(loaded)
    say(text)


def init_command(
    file: Annotated[Path, typer.Argument(help="File to write; must not exist.")] = Path("scenario.yaml"),
) -> None:
    """Write a commented scenario file to start from."""
    from socsim.scenario import starter_text

    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(starter_text())
    except FileExistsError as error:
        complain(f"error: {file} exists already and is left as it is. Give another name")
        raise typer.Exit(EXIT_ERROR) from error
    say(f"wrote {file}. Check it with: socsim validate {file}")


def schema_command() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check while you type."""
    from socsim.scenario import scenario_schema

    say(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))
