from __future__ import annotations

from pathlib import Path

from socsim.scenario import load_scenario, starter_text


def test_the_starting_file_is_valid_small_and_commented(tmp_path: Path) -> None:
    (tmp_path / "start.yaml").write_text(starter_text())
    loaded = load_scenario(tmp_path / "start.yaml")
    assert loaded.scenario.population.size <= 20
    assert len(loaded.scenario.items) == 1  # type: ignore[arg-type]
    assert loaded.not_yet_available() == []
    assert starter_text().count("#") > 15
    assert max(map(len, starter_text().splitlines())) <= 130
