"""A scenario made self-contained: texts of files inlined, items of a table written out.

Only data sources stay outside: people, graphs, and messages for yoked arms.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from socsim.errors import Problem, ScenarioError
from socsim.scenario.asking import AnyOf, FileText, ItemSpec, ItemTableSpec, PromptsSpec
from socsim.scenario.paths import read_text
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ForEachItemSpec, InteractionSpec
from socsim.scenario.sweeping import expanded_arms
from socsim.scenario.tables import Row, read_table
from socsim.scenario.worlds import ArmSpec

__all__ = ["expanded_items", "filled", "resolve", "table_file"]

_SLOT = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_ITEM_NAME = re.compile(r"\w[\w.-]{0,99}\Z")
_FROM_COLUMNS = ("text", "text_file", "unit", "truth", "signal")
_NUMBERS = {"truth", "signal", "range", "values"}


def resolve(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with all file texts inlined, items from tables expanded, and the points of a sweep as arms.

    Raises:
        ScenarioError: a file or table cannot be used; names the field.
    """
    items = scenario.items
    if isinstance(items, ItemTableSpec):
        items = expanded_items(items, scenario.tables, folder)
    whole = scenario.model_copy(
        update={
            "prompts": _prompts(scenario.prompts, folder),
            "items": {name: _item(f"items.{name}", item, folder) for name, item in items.items()},
            "schedule": tuple(
                _voted_on(("schedule", index), entry, scenario.tables, folder) for index, entry in enumerate(scenario.schedule)
            ),
            "arms": tuple(_arm(index, arm, folder) for index, arm in enumerate(scenario.arms)),
        }
    )
    if scenario.sweep is None:
        return whole
    arms = tuple(_arm(index, arm, folder) for index, arm in enumerate(expanded_arms(whole)))
    return whole.model_copy(update={"arms": arms, "sweep": None})


def _voted_on(path: tuple[str | int, ...], entry: Any, tables: dict[str, str], folder: Path) -> Any:
    """An entry of the schedule in which the things that people vote on stand, where a table holds them."""
    if isinstance(entry, ForEachItemSpec):
        inner = (_voted_on((*path, "phases", n), phase, tables, folder) for n, phase in enumerate(entry.phases))
        return entry.model_copy(update={"phases": tuple(inner)})
    spec = entry.interaction
    if not isinstance(spec, InteractionSpec) or spec.kind != "votes" or not isinstance(spec.options.get("table"), str):
        return entry
    field = ".".join(map(str, (*path, "interaction", "options", "table")))
    items = _things(field, table_file(spec.options["table"], tables), folder)
    options = {name: value for name, value in spec.options.items() if name != "table"} | {"items": items}
    return entry.model_copy(update={"interaction": spec.model_copy(update={"options": options})})


def _things(field: str, file: str, folder: Path) -> dict[str, str]:
    """The texts of a table by their ids."""
    try:
        rows = read_table(folder, file)
    except ScenarioError as error:
        raise _at(field, error) from error
    for column in ("id", "text"):
        if column not in rows[0]:
            raise ScenarioError(
                Problem(f"the table {file!r} has no column {column!r}", field, fix=listed(column, rows[0], "Its columns"))
            )
    things = {row["id"]: row["text"] for row in rows}
    if len(things) < len(rows):
        raise ScenarioError(Problem(f"an id stands twice in {file!r}", field, fix="Give every row an id of its own"))
    return things


def table_file(name: str, tables: dict[str, str]) -> str:
    """The file of a table: one declared under ``tables``, else the name itself."""
    return tables.get(name, name)


def _text(field: str, folder: Path, name: str) -> str:
    try:
        return read_text(folder, name)
    except ScenarioError as error:
        raise _at(field, error) from error


def _at(field: str, error: ScenarioError) -> ScenarioError:
    return ScenarioError([Problem(p.message, p.field or field, p.file, p.line, p.column, p.fix) for p in error.problems])


def _prompts(spec: PromptsSpec, folder: Path) -> PromptsSpec:
    changes: dict[str, Any] = {}
    for name in PromptsSpec.model_fields:
        value = getattr(spec, name)
        if isinstance(value, FileText):
            changes[name] = _text(f"prompts.{name}.file", folder, value.file)
        elif isinstance(value, AnyOf):
            texts = [
                _text(f"prompts.{name}.any_of.{i}", folder, one.file) if isinstance(one, FileText) else one
                for i, one in enumerate(value.any_of)
            ]
            changes[name] = value.model_copy(update={"any_of": tuple(texts)})
    return spec.model_copy(update=changes) if changes else spec


def _item(field: str, spec: ItemSpec, folder: Path) -> ItemSpec:
    if spec.text_file is None:
        return spec
    return spec.model_copy(update={"text": _text(f"{field}.text_file", folder, spec.text_file), "text_file": None})


def _arm(index: int, arm: ArmSpec, folder: Path) -> ArmSpec:
    """Inline the file texts of a patch."""
    patch = dict(arm.patch)
    field = f"arms.{index}.patch"
    if isinstance(patch.get("prompts"), dict):
        patch["prompts"] = {
            key: _patched_prompt(f"{field}.prompts.{key}", value, folder) for key, value in patch["prompts"].items()
        }
    if isinstance(patch.get("items"), dict):
        patch["items"] = {key: _patched_item(f"{field}.items.{key}", value, folder) for key, value in patch["items"].items()}
    return arm.model_copy(update={"patch": patch}) if patch != arm.patch else arm


def _patched_prompt(field: str, value: Any, folder: Path) -> Any:
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("file"), str):
        return _text(field, folder, value["file"])
    if isinstance(value.get("any_of"), list | tuple):
        texts = [_patched_prompt(f"{field}.any_of.{index}", one, folder) for index, one in enumerate(value["any_of"])]
        return value | {"any_of": texts}
    return value


def _patched_item(field: str, value: Any, folder: Path) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("text_file"), str):
        return value
    rest = {key: part for key, part in value.items() if key != "text_file"}
    return rest | {"text": _text(f"{field}.text_file", folder, value["text_file"])}


def expanded_items(spec: ItemTableSpec, tables: dict[str, str], folder: Path) -> dict[str, ItemSpec]:
    """One item for every row of a table.

    The column ``id`` names the item. ``{column}`` in any text of the template is filled from the row, in one pass; columns
    named ``text``, ``text_file``, ``unit``, ``truth`` or ``signal`` fill the field of that name where the template does not
    give it, and ``low`` with ``high`` the range.

    Raises:
        ScenarioError: the table or a row cannot be used; names the row.
    """
    file = table_file(spec.for_each.table, tables)
    try:
        rows = read_table(folder, file)
    except ScenarioError as error:
        raise _at("items.for_each.table", error) from error
    if "id" not in rows[0]:
        fix = listed("id", rows[0], "Its columns")
        raise ScenarioError(Problem(f"the table {file!r} has no column 'id'", "items.for_each.table", fix=fix))
    items: dict[str, ItemSpec] = {}
    for number, row in enumerate(rows, start=1):
        name = row["id"]
        if not _ITEM_NAME.match(name) or name in items:
            why = "stands twice" if name in items else "cannot name an item"
            message = f"row {number} of {file!r}: the id {name!r} {why}"
            raise ScenarioError(Problem(message, "items.for_each.table", fix="Use letters, digits, _ . - and every id once"))
        items[name] = _row_item(spec, row, f"row {number} of {file!r}")
    return items


def _row_item(spec: ItemTableSpec, row: Row, where: str) -> ItemSpec:
    data = {key: filled(value, row, key, where) for key, value in spec.template.items()}
    for column in _FROM_COLUMNS:
        if column not in data and row.get(column):
            data[column] = _number(row[column], column, where) if column in _NUMBERS else row[column]
    if "range" not in data and row.get("low") and row.get("high"):
        data["range"] = (_number(row["low"], "low", where), _number(row["high"], "high", where))
    try:
        return ItemSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"] if not str(part).startswith("<"))
        raise ScenarioError(
            Problem(
                f"{where} makes no item: {place}: {first['msg']}", "items.template", fix=f"Mend `{place}` in the template or row"
            )
        ) from error


def filled(value: Any, row: Row, key: str, where: str) -> Any:
    """A value of the template with its slots filled; ``{option}`` in sentence frames stays for the readout."""
    if isinstance(value, dict):
        return {name: filled(part, row, name, where) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(filled(part, row, key, where) for part in value)
    if not isinstance(value, str):
        return value
    text = _SLOT.sub(lambda match: _slot(match, row, key, where), value)
    return _number(text, key, where) if key in _NUMBERS else text


def _slot(match: re.Match[str], row: Row, key: str, where: str) -> str:
    name = match[1]
    if name is None:
        return match[0] if key == "frames" else match[0][0]
    if key == "frames" and name == "option":
        return match[0]
    if name not in row:
        raise ScenarioError(
            Problem(f"the template has a slot {{{name}}} without a column", "items.template", fix=listed(name, row, "Columns"))
        )
    if key == "frames" and ("{" in row[name] or "}" in row[name]):
        raise ScenarioError(
            Problem(f"{where}: braces cannot go into a frame", "items.template", fix=f"Remove them from {name!r}")
        )
    return row[name]


def _number(text: str, column: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = f"{where}: {text!r} in {column!r} is not a number"
        raise ScenarioError(Problem(message, "items.for_each.table", fix="Write digits with a decimal point")) from None
