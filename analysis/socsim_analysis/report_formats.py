"""The report in other forms than a page: Markdown, one JSON document, or a folder of tidy CSV files.

All are read from the markup of the page and the figures on it, so that words and numbers are those of the page. Cells of tables
are as rounded there; tables behind figures have all digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from socsim.record.manifest import write_whole
from socsim_analysis.document import Block, Span, read_blocks
from socsim_analysis.figure_data import drawn_table
from socsim_analysis.frames import RunLike
from socsim_analysis.markdown import md_code_block, md_inline_code, md_list, md_table, md_text
from socsim_analysis.markup import MISSING, printable
from socsim_analysis.page import Drawn
from socsim_analysis.report import Written, write_page

__all__ = ["DOCUMENT_FORMAT", "render_document", "render_markdown", "write_report_as"]

DOCUMENT_FORMAT = 1
"""Of the JSON document; it grows when a key changes its meaning or goes."""
_NAMES: Mapping[str, str] = {"md": "report.md", "json": "report.json", "csv": "report_csv"}
_STATEMENTS = ("paragraph", "item", "definition", "quote")
_NUMBER = re.compile(r"^[+\u2212-]?\d{1,3}(,\d{3})*(\.\d+)?$|^[+\u2212-]?\d+(\.\d+)?$")
_COUNTED = re.compile(r"^(?:Figure|Table) (\d+)\. ?")


@dataclass(frozen=True)
class _Part:
    """A part of the page with its blocks."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


def write_report_as(run: RunLike | Written, report_format: str, path: Path | str | None = None) -> Path:
    """Write the report in another form.

    Args:
        run: a finished run, or one that still goes on; or its page as written.
        report_format: ``md``, ``json``, or ``csv`` for a folder.
        path: the file, or folder; ``report.md``, ``report.json`` or ``report_csv`` in the run folder where not given.

    Returns:
        The path of the file or folder.

    Raises:
        KeyError: no such form.
    """
    if report_format not in _NAMES:
        raise KeyError(f"no form {report_format!r} of the report; there are {', '.join(_NAMES)}, and html (write_report)")
    written = _written(run)
    target = Path(path) if path is not None else written.run.path / _NAMES[report_format]
    if report_format == "csv":
        _write_csv(written, target)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    as_json = report_format == "json"
    made = orjson.dumps(render_document(written), option=orjson.OPT_INDENT_2) if as_json else render_markdown(written)
    write_whole(target, made.encode("utf-8") if isinstance(made, str) else made + b"\n")
    return target


def _written(run: RunLike | Written) -> Written:
    return run if isinstance(run, Written) else write_page(run)


def _parts(written: Written) -> Iterator[_Part]:
    yield _Part("summary", "Summary", tuple(read_blocks(written.summary)))
    for anchor, part in written.parts.items():
        title, *blocks = read_blocks(part)
        yield _Part(anchor, title.text, tuple(blocks))


def render_markdown(run: RunLike | Written) -> str:
    """The statements and tables of the page as Markdown; a figure is its caption, and the name of the table behind it."""
    written = _written(run)
    parts: list[str] = []
    for part in _parts(written):
        parts += [] if part.anchor == "summary" else [f"## {md_text(part.title)}"]
        parts += _md_blocks(part.blocks)
    return "\n\n".join(parts) + "\n"


def _md_blocks(blocks: Sequence[Block]) -> Iterator[str]:
    items: list[str] = []
    for block in blocks:
        if items and block.kind not in ("item", "term", "definition"):
            yield md_list(items)
            items = []
        if block.kind == "definition" and items:
            items[-1] += f": {_md_spans(block.spans)}"
        elif block.kind in ("item", "term", "definition"):
            items.append(_md_spans(block.spans))
        else:
            yield _md_block(block)
    if items:
        yield md_list(items)


def _md_block(block: Block) -> str:
    if block.kind == "table":
        rows = [[md_text(cell) for cell in row] for row in block.rows]
        return f"{_md_spans(block.spans)}\n\n{md_table([md_text(header) for header in block.headers], rows)}"
    if block.kind == "code":
        return md_code_block(block.text)
    said = _md_spans(block.spans)
    if block.kind == "paragraph" and block.role == "verdict":
        return f"**{md_text(block.text)}**"
    return {"title": "# ", "heading": "### ", "quote": "> "}.get(block.kind, "") + said


def _md_spans(spans: Sequence[Span]) -> str:
    """Spans on one line; blanks around them are kept, so that words stay apart."""
    made: list[str] = []
    for span in spans:
        text = md_text(span.text) if not made else md_text(f"x{span.text}")[1:]  # only what stands first can begin a list
        if span.style and span.text.strip():
            text = _set(span, md_text(span.text))
        lead, tail = (" " if span.text[:1].isspace() else ""), (" " if span.text[-1:].isspace() else "")
        made.append(f"{lead}{text.strip()}{tail}" if text.strip() else lead or tail)
    return " ".join("".join(made).split())


def _set(span: Span, text: str) -> str:
    if span.style == "code":
        return md_inline_code(span.text)
    if span.style == "a":
        return f"[{text}]({span.href})" if re.match(r"^https?://[^\s()<>]+$", span.href) else text
    return f"**{text}**"


def render_document(run: RunLike | Written) -> dict[str, Any]:
    """The report as one document of plain values, for JSON.

    Keys: ``format``, ``run`` (name, question, source, status, seed, engine, versions), ``summary`` (statements), ``verdicts``
    (``section``, ``about``, ``sentence``), ``limits`` (statements), ``sections`` (``id``, ``title``, ``statements``, ``tables``,
    ``figures``). A table has ``number``, ``caption``, ``columns``, ``rows`` (as on the page) and ``values`` (numbers where a cell
    is one, null where it is missing, else the text). A figure has ``number``, ``caption``, ``description`` and ``tables`` (by
    name: ``columns``, ``rows`` with all digits; an infinite bound is the text ``inf`` or ``-inf``).
    """
    written = _written(run)
    parts = list(_parts(written))
    by_anchor = {part.anchor: part for part in parts}
    return {
        "format": DOCUMENT_FORMAT,
        "run": _run_facts(written),
        "summary": _statements(by_anchor["summary"].blocks),
        "verdicts": [one for part in parts for one in _verdicts(part)],
        "limits": _statements(by_anchor["limits"].blocks) if "limits" in by_anchor else [],
        "sections": [_section(part, written.drawn) for part in parts if part.anchor != "summary"],
    }


def _run_facts(written: Written) -> dict[str, Any]:
    scenario, manifest = written.run.scenario, written.run.manifest
    kept = ("seed", "scenario_sha256", "socsim", "git_commit", "started", "finished", "engine", "packages")
    named = {"name": scenario.name, "question": scenario.question, "source": scenario.source, "status": written.run.status}
    facts: dict[str, Any] = _plain({**named, **{key: manifest.get(key) for key in kept}})
    return facts


def _statements(blocks: Sequence[Block]) -> list[str]:
    return [block.text for block in blocks if block.kind in _STATEMENTS]


def _verdicts(part: _Part) -> Iterator[dict[str, str]]:
    about = ""
    for block in part.blocks:
        about = block.text if block.kind == "heading" else about
        if block.kind == "paragraph" and block.role == "verdict":
            yield {"section": part.anchor, "about": about, "sentence": block.text}


def _section(part: _Part, drawn: Sequence[Drawn]) -> dict[str, Any]:
    figures = {one.number: one for one in drawn}
    return {
        "id": part.anchor,
        "title": part.title,
        "statements": _statements(part.blocks),
        "tables": [_table(block) for block in part.blocks if block.kind == "table"],
        "figures": [_figure(block, figures) for block in part.blocks if block.kind == "figure"],
    }


def _counted(block: Block) -> tuple[int, str]:
    """The number of a figure or table, and its caption without it."""
    match = _COUNTED.match(block.text)
    return (int(match[1]), block.text[match.end() :]) if match else (0, block.text)


def _table(block: Block) -> dict[str, Any]:
    number, caption = _counted(block)
    values = [[_value(cell) for cell in row] for row in block.rows]
    return {"number": number, "caption": caption, "columns": block.headers, "rows": block.rows, "values": values}


def _value(cell: str) -> float | int | str | None:
    """A cell as a number where it is one, and nothing where it is missing."""
    if cell in (MISSING, ""):
        return None
    if not _NUMBER.match(cell):
        return cell
    text = cell.replace(",", "").replace("\N{MINUS SIGN}", "-")
    return float(text) if "." in text else int(text)


def _figure(block: Block, drawn: Mapping[int, Drawn]) -> dict[str, Any]:
    number, caption = _counted(block)
    one = drawn[number]
    tables = {name: {"columns": list(frame.columns), "rows": _rows(frame)} for name, frame in _tables(one).items()}
    return {"number": number, "caption": caption, "description": one.description, "tables": tables}


def _tables(one: Drawn) -> Mapping[str, pd.DataFrame]:
    return one.tables or {f"figure_{one.number}": drawn_table(one.figure)}


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _plain(value: Any) -> Any:
    """A value as JSON has it: no NaN, no infinity, no types of numpy, no broken characters."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if value is None or value is pd.NA:
        return None
    return value if isinstance(value, bool | int) else printable(str(value))


def _write_csv(written: Written, folder: Path) -> None:
    """``statements.csv``, a file for every table and for every table behind a figure, and ``contents.csv`` that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    contents: list[tuple[str, str, str, int, str]] = []
    said: list[tuple[str, str, str]] = []
    figures = {one.number: one for one in written.drawn}
    for part in _parts(written):
        said += [(part.anchor, block.role or block.kind, block.text) for block in part.blocks if block.kind in _STATEMENTS]
        for block in part.blocks:
            if block.kind not in ("table", "figure"):
                continue
            number, caption = _counted(block)
            frames = {"": _page_table(block)} if block.kind == "table" else _tables(figures[number])
            for name, frame in frames.items():
                file = _unused(f"{block.kind}_{number:02d}_{name or part.anchor}", {one[0] for one in contents})
                _to_csv(frame, folder / file)
                contents.append((file, block.kind, part.anchor, number, caption))
    _to_csv(pd.DataFrame(said, columns=["section", "kind", "statement"]), folder / "statements.csv")
    _to_csv(pd.DataFrame(contents, columns=["file", "kind", "section", "number", "caption"]), folder / "contents.csv")


def _unused(name: str, taken: set[str]) -> str:
    file, number = f"{name}.csv", 2
    while file in taken:
        file, number = f"{name}_{number}.csv", number + 1
    return file


def _page_table(block: Block) -> pd.DataFrame:
    """A table of the page with numbers for numbers, and a column of its own for each: names that come twice are numbered."""
    names: list[str] = []
    for header in block.headers:
        name, number = header or "name", 2
        while name in names:
            name, number = f"{header or 'name'} {number}", number + 1
        names.append(name)
    frame = pd.DataFrame([[_value(cell) for cell in row] for row in block.rows], columns=names, dtype=object)
    for name in names:
        cells = [cell for cell in frame[name] if cell is not None]
        if cells and all(
            isinstance(cell, str) and _NUMBER.match(cell.removesuffix(" %")) and cell.endswith(" %") for cell in cells
        ):
            frame[name] = [None if cell is None else _value(str(cell).removesuffix(" %")) for cell in frame[name]]
            frame = frame.rename(columns={name: f"{name} (%)"})
    return frame


def _to_csv(frame: pd.DataFrame, path: Path) -> None:
    write_whole(path, frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace"))
