"""What must hold of items, readouts and prompts beyond their types."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from socsim.scenario.asking import AnyOf, FileText, ItemSpec, PromptsSpec, RandomOrders, ReadoutSpec
from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.places import listed

__all__ = ["check_item", "check_items", "check_prompts", "label_capacity", "repeated", "slot_findings"]

_FILE_LIKE = re.compile(r"[^\s{}]+\.(?:txt|md|prompt)\Z")
_NAME = re.compile(r"\w[\w.-]{0,99}\Z")
_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CAPACITY = {"letters": 26, "lower_letters": 26, "digits": 99, "roman": 12}
_CLOSED = ("nominal", "ordinal")
_WRITTEN = ("sample", "number", "text", "verbalized", "verbalized_sampling", "expert")
_BELONGS = {
    "n": _WRITTEN,
    "max_tokens": _WRITTEN,
    "score": ("logprob",),
    "correction": ("logprob", "cloze"),
    "temperature": ("logprob", "cloze"),
    "answers": ("verbalized_sampling",),
    "persona_in_frame": ("cloze",),
}
"""Methods that make use of a field of a readout."""

_FORMER = {"max_tokens": 16}
"""Defaults of earlier versions, which stand in the scenarios of their run folders."""

MOST_FOR_FULL = 5
"""Nominal options of which all orders are shown at most; 5 have 120."""

_NEEDED = {
    "seen": "messages",
    "message": "text",
    "own_message": "text",
    "own_answer": "option",
    "news": "text",
    "recalled": "memories",
    "option": "label",
    "plain_option": "option",
    "complete": "sentence",
    "ask_as": "request",
}


def label_capacity(name: str) -> int:
    """How many options a label set can number."""
    return _CAPACITY[name]


def repeated(words: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Words that stood before, apart from case and outer white space, with their positions."""
    seen: set[str] = set()
    for index, word in enumerate(words):
        key = " ".join(word.split()).casefold()
        if key in seen:
            yield index, word
        seen.add(key)


def check_items(items: dict[str, ItemSpec], findings: Findings) -> None:
    """Check every item."""
    for name, item in items.items():
        path: Path = ("items", name)
        if not _NAME.match(name):
            findings.add(path, f"{name!r} cannot name an item", "Use letters, digits, `_`, `-` and `.`, at most 100")
        check_item(item, path, findings)


def check_item(item: ItemSpec, path: Path, findings: Findings) -> None:
    """Check one item that stands at ``path``."""
    _check_text(item, path, findings)
    if item.type in _CLOSED:
        _check_options(item, path, findings)
        _check_values(item, path, findings)
        _check_closed_readout(item, (*path, "readout"), findings)
        for field in ("range", "truth", "signal"):
            if getattr(item, field) is not None:
                findings.add(
                    (*path, field), f"`{field}` belongs to number items", f"Remove it, or write type: number (found {item.type})"
                )
    else:
        _check_open(item, path, findings)
    if item.readout.method == "cloze":
        _check_frames(item.readout, (*path, "readout"), findings)
    elif item.readout.frames:
        fix = "Write method: cloze, or remove the frames"
        findings.add((*path, "readout", "frames"), f"frames belong to method: cloze (found {item.readout.method})", fix)


def _kind(item: ItemSpec) -> str:
    return f"{'an' if item.type == 'ordinal' else 'a'} {item.type} item"


def _check_text(item: ItemSpec, path: Path, findings: Findings) -> None:
    if item.text is not None and _FILE_LIKE.match(item.text.strip()):
        findings.add((*path, "text"), f"{item.text!r} looks like a file", f"Write text_file: {item.text.strip()}")
    empty = item.text is None or not item.text.strip()
    if empty and item.text_file is None and item.readout.method != "cloze":
        findings.add(path if item.text is None else (*path, "text"), "the item has no text", "Add `text: …` or `text_file: …`")


def _check_options(item: ItemSpec, path: Path, findings: Findings) -> None:
    if len(item.options) < 2:
        where = (*path, "options") if item.options else path
        findings.add(where, f"{_kind(item)} needs at least two options; found {len(item.options)}", 'Add `options: ["…", "…"]`')
    for field in ("options", "non_answers", "cloze_options"):
        for index, option in enumerate(getattr(item, field) or ()):
            if not option.strip():
                findings.add((*path, field, index), "an option is empty", "Write its text, or remove it")
    both = item.options + item.non_answers
    for index, option in repeated(both):
        field, at = ("options", index) if index < len(item.options) else ("non_answers", index - len(item.options))
        findings.add(
            (*path, field, at), f"the option {option!r} stands twice", "Give every option another text (case does not count)"
        )
    if item.cloze_options is not None:
        if len(item.cloze_options) != len(both):
            message = f"{len(item.cloze_options)} cloze_options for {len(both)} options and non-answers"
            findings.add((*path, "cloze_options"), message, "Give one for each option, in the same order, non-answers last")
        for index, option in repeated(item.cloze_options):
            fix = "Word every option differently"
            findings.add((*path, "cloze_options", index), f"the cloze option {option!r} stands twice", fix)


def _check_values(item: ItemSpec, path: Path, findings: Findings) -> None:
    if item.right is not None and item.right not in item.options:
        findings.add((*path, "right"), f"{item.right!r} is none of the options", "Write one of them, as it stands there")
    if item.type == "nominal":
        if item.values is not None:
            findings.add((*path, "values"), "nominal options have no values", "Remove them, or write type: ordinal")
        return
    values, where = item.values, (*path, "values")
    if values is None:
        where = (*path, "options")
        try:
            values = tuple(float(option) for option in item.options)
        except ValueError:
            return
    elif len(values) != len(item.options):
        findings.add(where, f"{len(values)} values for {len(item.options)} options", "Give one value for each option")
        return
    if not all(math.isfinite(value) for value in values):
        findings.add(where, "a value is not finite", "Give ordinary numbers")
    elif any(high <= low for low, high in pairwise(values)):
        findings.add(
            where, "an ordinal scale must rise from the first option to the last", "Reorder the options from low to high"
        )


def _check_closed_readout(item: ItemSpec, path: Path, findings: Findings) -> None:
    readout, orders = item.readout, item.readout.orders
    if readout.method in ("text", "number"):
        fix = "Use logprob, cloze, sample, verbalized, verbalized_sampling or expert"
        findings.add((*path, "method"), f"{_kind(item)} cannot be read by method: {readout.method}", fix)
    if item.type == "ordinal" and (isinstance(orders, RandomOrders) or orders in ("latin_square", "full")):
        message = "ordered scales are shown in order: both directions, or one"
        findings.add((*path, "orders"), message, "Allowed for ordinal items: both_directions, fixed, shuffled (a direction)")
    if item.type == "nominal" and orders == "both_directions":
        message = "nominal options have no direction"
        findings.add((*path, "orders"), message, "Allowed for nominal items: latin_square, {random: k}, full, shuffled, fixed")
    if item.type == "nominal" and orders == "full" and len(item.options) > MOST_FOR_FULL:
        message = f"{len(item.options)} options have {math.factorial(min(len(item.options), 10))} orders or more"
        findings.add(
            (*path, "orders"), message, f"Use latin_square or {{random: k}}; full is for {MOST_FOR_FULL} options at most"
        )
    if isinstance(orders, RandomOrders) and item.type == "nominal" and orders.random > math.factorial(min(len(item.options), 10)):
        message = f"{len(item.options)} options have fewer than {orders.random} orders"
        findings.add((*path, "orders", "random"), message, f"Give at most {math.factorial(min(len(item.options), 10))}")
    _check_labels(item, path, findings)
    _check_correction(readout, path, findings)
    _check_effect(readout, path, findings)


def _check_effect(readout: ReadoutSpec, path: Path, findings: Findings) -> None:
    """Fields of a readout that its method makes no use of must not be set."""
    for field, methods in _BELONGS.items():
        unset = (ReadoutSpec.model_fields[field].default, _FORMER.get(field))
        if readout.method not in methods and getattr(readout, field) not in unset:
            message = f"`{field}` has no effect with method: {readout.method}"
            findings.add((*path, field), message, f"Remove it, or write method: {methods[0]}")


def _check_correction(readout: ReadoutSpec, path: Path, findings: Findings) -> None:
    if readout.method == "cloze" and readout.correction == "calibrated":
        message = "a sentence has no item text that could be left out in three ways"
        findings.add((*path, "correction"), message, "Write correction: content_free")


def _check_labels(item: ItemSpec, path: Path, findings: Findings) -> None:
    readout = item.readout
    for index, name in repeated(readout.labels):
        findings.add((*path, "labels", index), f"the label set {name!r} stands twice", "Keep one of them")
    labelled = readout.method != "cloze" and (readout.method != "logprob" or readout.score == "label")
    size = len(item.options) + len(item.non_answers)
    used = readout.labels if readout.method == "logprob" else readout.labels[:1]
    for index, name in enumerate(used if labelled else ()):
        if size > label_capacity(name):
            message = f"the label set {name!r} has {label_capacity(name)} labels for {size} options"
            findings.add((*path, "labels", index), message, "Use digits, score: whole_option, or fewer options")


def _check_open(item: ItemSpec, path: Path, findings: Findings) -> None:
    for field in ("options", "non_answers", "values", "cloze_options"):
        if getattr(item, field):
            findings.add((*path, field), f"a {item.type} item has no `{field}`", "Remove it, or write type: nominal or ordinal")
    allowed = ("sample", "number") if item.type == "number" else ("text",)
    if item.readout.method not in allowed:
        message = f"a {item.type} item cannot be read by method: {item.readout.method}"
        where = (*path, "readout", "method")
        findings.add(where, message, "Write readout: {method: " + " or ".join(allowed) + "}")
    else:
        _check_effect(item.readout, (*path, "readout"), findings)
    if item.readout.orders is not None:
        findings.add((*path, "readout", "orders"), f"a {item.type} item has no options to put in order", "Remove `orders`")
    if item.type == "number":
        _check_range(item, path, findings)


def _check_range(item: ItemSpec, path: Path, findings: Findings) -> None:
    if item.range is None:
        return
    low, high = item.range
    if not low < high:
        findings.add((*path, "range"), f"the range runs from {low:g} to {high:g}", "Give the smaller number first: [low, high]")
    elif item.truth is not None and not low <= item.truth <= high:
        findings.add(
            (*path, "truth"), f"the truth {item.truth:g} lies outside of the range", "Widen the range, or correct the truth"
        )


def _check_frames(readout: ReadoutSpec, path: Path, findings: Findings) -> None:
    from socsim.prompts import slots_of

    if not readout.frames:
        findings.add(path, "method: cloze needs sentence frames", 'Add `frames: ["When asked about this, I would {option}."]`')
    for index, frame in enumerate(readout.frames):
        where = (*path, "frames", index)
        if slots_of(frame) != ("option",) or frame.count("{option}") != 1:
            message = "a frame must have exactly one slot {option}"
            findings.add(where, message, 'Write e.g. "About this, I {option}."')
        elif _stray(frame) or "{{" in frame or "}}" in frame:
            findings.add(where, "a frame has other braces than those of {option}", "Remove them")


def _stray(template: str) -> bool:
    rest = _TOKEN.sub("", template)
    return "{" in rest or "}" in rest


def check_prompts(spec: PromptsSpec, findings: Findings) -> None:
    """Check the slots of every template (files must have been inlined)."""
    from socsim.prompts import SLOTS

    for name in PromptsSpec.model_fields:
        value = getattr(spec, name)
        texts = value.any_of if isinstance(value, AnyOf) else (value,)
        for index, text in enumerate(texts):
            if text is None or isinstance(text, FileText):
                continue
            path: Path = ("prompts", name, "any_of", index) if isinstance(value, AnyOf) else ("prompts", name)
            slot_findings(text, sorted(SLOTS[name]), path, findings)
            if _FILE_LIKE.match(text.strip()):
                findings.add(path, f"{text.strip()!r} looks like a file", f"Write {{file: {text.strip()}}}")
            elif text.strip() and name in _NEEDED and f"{{{_NEEDED[name]}}}" not in text:
                message = f"the template has no slot {{{_NEEDED[name]}}}, so what it is for would never be shown"
                findings.add(path, message, f"Write {{{_NEEDED[name]}}} where it belongs")


def slot_findings(template: str, allowed: Iterable[str], path: Path, findings: Findings) -> None:
    """Find unknown slots and single braces in a template."""
    from socsim.prompts import slots_of

    names = list(allowed)
    for slot in dict.fromkeys(slots_of(template)):
        if slot not in names:
            fix = listed(slot, names, "Slots here") + ". Literal braces are written {{ and }}"
            findings.add(path, f"unknown slot {{{slot}}}", fix)
    if _stray(template):
        message = "a single brace is neither a slot nor a literal brace"
        findings.add(path, message, f"Write {{{{ and }}}} for literal braces. Slots here: {', '.join(names) or 'none'}")
