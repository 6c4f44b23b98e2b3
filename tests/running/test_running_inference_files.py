"""What an engine needs beside the scenario is copied into a run, or found again where the run began; keys are never copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socsim import ScriptedEngine, run
from socsim.record.manifest import read_manifest
from socsim.scenario.dumping import dump_scenario


@pytest.fixture
def study(tmp_path: Path, make_debate: Any) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "tokens.json").write_text("{}", encoding="utf-8")
    (folder / "keys.env").write_text("K=sk-canary-0123456789", encoding="utf-8")
    inference = {
        "engine": "openai", "model": "m", "key": "K", "env_file": "keys.env",
        "endpoint": {"api": "completions", "tokenizer": "tokens.json"},
    }  # fmt: skip
    (folder / "s.yaml").write_text(dump_scenario(make_debate(inference=inference)), encoding="utf-8")
    return folder


def test_a_tokenizer_is_copied_and_the_place_of_the_keys_is_kept_without_them(study: Path, tmp_path: Path) -> None:
    run(study / "s.yaml", out=tmp_path / "run", engine=ScriptedEngine())
    assert (tmp_path / "run" / "inputs" / "tokens.json").is_file()
    assert Path(read_manifest(tmp_path / "run")["model_folder"]) == study
    for file in (tmp_path / "run").rglob("*"):
        assert not file.is_file() or b"sk-canary" not in file.read_bytes(), file


def test_a_run_that_needs_nothing_from_there_keeps_no_place(study: Path, tmp_path: Path, make_debate: Any) -> None:
    (study / "plain.yaml").write_text(dump_scenario(make_debate()), encoding="utf-8")
    run(study / "plain.yaml", out=tmp_path / "run", engine=ScriptedEngine())
    assert "model_folder" not in read_manifest(tmp_path / "run")
