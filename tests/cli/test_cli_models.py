"""The commands about model files."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from socsim.cli import app
from socsim.models import CATALOG


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSIM_CACHE", str(tmp_path / "cache"))


def test_the_list_names_every_model_with_size_and_licence() -> None:
    done = CliRunner().invoke(app, ["models", "list"])
    assert done.exit_code == 0
    for name in CATALOG:
        line = next(line for line in done.stdout.splitlines() if line.startswith(name))
        assert "Apache-2.0" in line
        assert f"{CATALOG[name].size / 1e6:,.0f} MB" in line
        assert " no " in line


def test_an_absent_model_has_no_path_but_advice() -> None:
    done = CliRunner().invoke(app, ["models", "path"])
    assert done.exit_code == 1
    assert "socsim models pull smollm2-135m" in done.stderr
    assert done.stdout == ""


def test_a_misspelt_model_gets_the_nearest_name() -> None:
    done = CliRunner().invoke(app, ["models", "pull", "qwen2.5-05b"])
    assert done.exit_code == 1
    assert "Did you mean 'qwen2.5-0.5b'?" in done.stderr


def test_a_file_that_is_no_model_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    done = CliRunner().invoke(app, ["models", "check", str(tmp_path / "x.gguf")])
    assert done.exit_code == 1
    assert "damaged GGUF header" in done.stderr


def test_a_file_of_another_size_is_listed_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "models" / CATALOG["smollm2-135m"].file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF")
    lines = CliRunner().invoke(app, ["models", "list"]).stdout.splitlines()
    assert " damaged " in next(line for line in lines if line.startswith("smollm2-135m"))
