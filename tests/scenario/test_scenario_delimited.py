"""CSV and TSV are read strictly, and what is wrong is named with its line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario.delimited import read_delimited


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("begins", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, ends: str, begins: str) -> None:
    (tmp_path / "t.tsv").write_bytes((begins + ends.join(["id\ttext", '1\t"a ""b"""', "", "2\tä,ö", ""])).encode())
    assert read_delimited(tmp_path / "t.tsv", "t.tsv", 10, "\t") == (["id", "text"], [["1", 'a "b"'], ["2", "ä,ö"]])


def test_a_cell_may_be_longer_than_the_csv_module_allows_by_itself(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "t.csv").write_text("id,interview\n1," + "word " * 100_000 + "\n")
    _, ((_, interview),) = read_delimited(tmp_path / "t.csv", "t.csv", 10)
    assert len(interview) == 500_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("content", "says", "advises"),
    [
        (b"a,b\n1,2\n3\n", "line 3 of 't.csv' has 1 cell, the header 2", "Quote cells"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 of 't.csv' has 3 cells, the header 2", "Quote cells"),
        (b'a,b\n"1,2\n', "line 2 of 't.csv' is not CSV", "Close every quote"),
        (b"a;b\n1;2\n", "separated by semicolons", "commas"),
        (b"a\tb\n1\t2\n", "separated by tabs", "commas"),
        (b"a\n1\x002\n", "null character", "UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, content: bytes, says: str, advises: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ScenarioError, match=says) as caught:
        read_delimited(tmp_path / "t.csv", "t.csv", 10)
    assert advises in caught.value.problems[0].fix
