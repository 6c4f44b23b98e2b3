"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Agent",
    "Arm",
    "EngineName",
    "EngineOption",
    "EnginesOption",
    "OnOption",
    "Quiet",
    "Replicate",
    "RunFolder",
    "ScenarioFile",
    "Step",
    "TableFormat",
]


class EngineName(StrEnum):
    """Engines that the command line can start."""

    embedded = "embedded"
    scripted = "scripted"
    openai = "openai"
    vllm = "vllm"
    transformers = "transformers"


class TableFormat(StrEnum):
    """Formats that tables are exported in."""

    csv = "csv"
    parquet = "parquet"


ScenarioFile = Annotated[Path, typer.Argument(help="Scenario file (YAML).", show_default=False)]
RunFolder = Annotated[Path, typer.Argument(help="Run folder, as made by socsim run.", show_default=False)]
Agent = Annotated[int, typer.Option("--agent", min=0, help="Number of the agent, from 0.", show_default=False)]
Step = Annotated[int, typer.Option("--step", min=0, help="Number of the step, from 0.", show_default=False)]
Arm = Annotated[str | None, typer.Option("--arm", help="Name of the arm. The scenario's first one if not given.")]
Replicate = Annotated[int, typer.Option("--replicate", min=0, help="Number of the replicate, from 0.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]
EngineOption = Annotated[
    EngineName | None,
    typer.Option("--engine", help="Engine instead of the scenario's; scripted makes up replies, for trying things out."),
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="Carry out worlds on a cluster: ray (the one at hand, or that RAY_ADDRESS names), or ray://HOST:10001. "
        "Default: in this process.",
    ),
]
EnginesOption = Annotated[
    int | None,
    typer.Option("--engines", min=1, help="With --on: replicas of the engine. Default: one on every node that has room."),
]
