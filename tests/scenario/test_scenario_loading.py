from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import LoadedScenario, check_scenario, load_scenario

Load = Callable[[str], LoadedScenario]


def test_a_valid_file_is_loaded_with_its_folder_and_text(load: Load, small: str, tmp_path: Path) -> None:
    loaded = load(small)
    assert loaded.scenario.name == "small"
    assert loaded.folder == tmp_path
    assert loaded.text == small


def test_all_problems_are_named_at_once_in_the_order_of_the_file(load: Load, small: str) -> None:
    text = small.replace("size: 4", "size: -1").replace("type: ordinal", "type: ordnal").replace("ask: [tax]", "asks: [tax]")
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert [problem.line for problem in caught.value.problems] == [3, 5, 7 - 1]
    assert "scenario.yaml:5:15: items.tax.type:" in str(caught.value)
    assert "Did you mean 'ordinal'?" in str(caught.value)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(small: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(b"\xef\xbb\xbf" + small.replace("\n", "\r\n").encode())
    assert load_scenario(tmp_path / "s.yaml").scenario.name == "small"


def test_text_in_another_encoding_is_refused_at_its_line(small: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(small.replace("small", "sm\u00e4ll").encode("latin-1"))
    (problem,) = check_scenario(tmp_path / "s.yaml")
    assert (problem.line, problem.column) == (2, 9)
    assert "UTF-8" in problem.fix


def test_large_missing_and_odd_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_bytes(b"# \n" * 1_000_000)
    for name, says in (("large.yaml", "larger"), ("none.yaml", "no such file"), (".", "not an ordinary file"), ("a\0b", "")):
        (problem,) = check_scenario(tmp_path / name)
        assert says in problem.message
        assert problem.fix


def test_data_may_lie_in_another_folder(small: str, tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "tax.txt").write_text("Lower taxes?")
    (tmp_path / "s.yaml").write_text(small.replace('text: "Taxes should be lower."', "text_file: tax.txt"))
    loaded = load_scenario(tmp_path / "s.yaml", data_folder=tmp_path / "inputs")
    assert loaded.resolved().items["tax"].text == "Lower taxes?"  # type: ignore[index]
    assert check_scenario(tmp_path / "s.yaml")


def test_what_cannot_run_yet_is_no_error_but_is_placed(load: Load, small: str) -> None:
    loaded = load(small + "preconditions: {speed: 1}\n")
    (problem,) = loaded.not_yet_available()
    assert problem.message == "not yet available: precondition 'speed'"
    assert problem.line == small.count("\n") + 1
