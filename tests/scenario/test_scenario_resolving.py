from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import LoadedScenario
from socsim.scenario.asking import ItemTableSpec
from socsim.scenario.resolving import expanded_items, filled

Load = Callable[[str], LoadedScenario]

ITEM = 'tax: {type: ordinal, text: "Taxes should be lower.", options: ["disagree", "agree"]}'


def table(folder: Path, rows: str, **template: object) -> dict[str, object]:
    (folder / "t.csv").write_text(rows)
    spec = ItemTableSpec.model_validate({"for_each": {"table": "t.csv"}, "template": template})
    return dict(expanded_items(spec, {}, folder))


def test_texts_of_files_are_inlined_with_tidy_line_ends(load: Load, small: str, tmp_path: Path) -> None:
    (tmp_path / "ask.txt").write_bytes("\ufeff{item}\r\n{options}\r\n\r\n".encode())
    loaded = load(small + "prompts: {ask: {file: ask.txt}}\n")
    assert loaded.resolved().prompts.ask == "{item}\n{options}"
    assert loaded.scenario.prompts.ask != loaded.resolved().prompts.ask


def test_texts_in_the_patch_of_an_arm_are_inlined(load: Load, small: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Other words\n")
    loaded = load(small + "arms: [treatment, {other: {items: {tax: {text_file: a.txt}}}}]\n")
    assert loaded.resolved().arms[1].patch == {"items": {"tax": {"text": "Other words"}}}


def test_a_missing_text_in_a_patch_is_placed(load: Load, small: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(small + "arms: [treatment, {other: {items: {tax: {text_file: a.txt}}}}]\n")
    assert caught.value.problems[0].line == 8


def test_items_come_from_rows_with_typed_columns(tmp_path: Path) -> None:
    items = table(
        tmp_path,
        'id,text,truth,unit,low,high\nbones,"How many, exactly?",206,bones,0,1000\n',
        type="number",
        readout={"method": "sample"},
    )
    item = items["bones"]
    assert (item.text, item.truth, item.unit, item.range) == ("How many, exactly?", 206.0, "bones", (0.0, 1000.0))  # type: ignore[attr-defined]


def test_slots_are_filled_once_and_values_are_not_expanded_again(tmp_path: Path) -> None:
    items = table(tmp_path, "id,what\na,{id} {{x}}\n", type="number", text="{{How}} many {what}?", readout={"method": "sample"})
    assert items["a"].text == "{How} many {id} {{x}}?"  # type: ignore[attr-defined]


def test_the_option_slot_of_a_frame_stays_and_no_row_can_bring_another() -> None:
    row = {"id": "a", "what": "cats", "bad": "{option}"}
    assert filled({"frames": ("On {what}, I {option}.",)}, row, "", "row 1") == {"frames": ("On cats, I {option}.",)}
    with pytest.raises(ScenarioError, match="braces"):
        filled({"frames": ("On {bad}, I {option}.",)}, row, "", "row 1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,text\na,b\n", "no column 'id'"),
        ("id,text\n", "no rows"),
        ("id,text\na/b,c\n", "cannot name"),
        ("id,id\na,b\n", "twice"),
        ('id,text\n"a,b\n', "CSV"),
    ],
)
def test_tables_that_make_no_items_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        table(tmp_path, text, type="number", readout={"method": "sample"})


def test_a_resolved_scenario_needs_no_texts_any_more(load: Load, small: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text\na,How many?\n")
    loaded = load(
        small.replace(ITEM, "for_each: {table: t.csv}\n  template: {type: number, readout: {method: sample}}").replace(
            "[tax]", "[a]"
        )
    )
    assert list(loaded.resolved().items) == ["a"]
