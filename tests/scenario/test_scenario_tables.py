from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from socsim.errors import ScenarioError
from socsim.scenario import tables
from socsim.scenario.tables import read_table


def test_cells_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('\ufeffid,a\r\n007,"no, thanks"\r\n\r\nNA,\r\n'.encode())
    assert read_table(tmp_path, "t.csv") == [{"id": "007", "a": "no, thanks"}, {"id": "NA", "a": ""}]


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a", "b"], "truth": ["1", None]}).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path, "t.parquet") == [{"id": "a", "truth": "1"}, {"id": "b", "truth": ""}]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,\n1,2\n", "without a name"),
        ("t.csv", b"a,a\n1,2\n", "twice"),
        ("t.csv", b"a,b\n1\n", "has 1 cell, the header 2"),
        ("t.csv", b"a\n\xff\n", "UTF-8"),
        ("t.csv", b"a\n", "no rows"),
        ("t.parquet", b"nothing of the kind", "Parquet"),
        ("t.xlsx", b"x", "no table"),
    ],
)
def test_what_is_no_table_is_refused_with_advice(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScenarioError, match=says) as caught:
        read_table(tmp_path, name)
    assert caught.value.problems[0].fix


def test_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    (tmp_path / "t.csv").write_text("a\n1\n2\n3\n")
    with pytest.raises(ScenarioError, match="more than 2 rows"):
        read_table(tmp_path, "t.csv")
