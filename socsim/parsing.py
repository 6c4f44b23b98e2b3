"""Strict reading of what a model wrote: an answer is an answer only if it is one.

Nothing is guessed: "disagree" is not "agree", two options are ambiguous, and a text without an option is a failure with
the raw reply kept. It knows nothing of prompts or engines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from socsim.items import ParseFailure

__all__ = ["clean_message", "clean_text", "last_sentence", "normal_words", "parse_choice", "parse_number"]

_LABEL = re.compile(r"^[\s\"'*(\[]*([A-Za-z]{1,5}|\d{1,3})[\s\"'*)\].:,;-]*(.*)$", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.,])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w]|[.,]\d)")
_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"')\]]|$)")


def normal_words(text: str) -> str:
    """A text as it is compared: in lower case, without white space and punctuation around it, single spaces inside."""
    return " ".join(text.casefold().split()).strip(" \t\n\"'*.,;:!()[]")


def _options_in(text: str, options: Sequence[str]) -> list[int]:
    """Indices of options that stand in the text as whole words and not inside a longer option found there."""
    spans: list[tuple[int, int, int]] = []
    for index, option in enumerate(options):
        pattern = rf"(?<!\w){re.escape(normal_words(option))}(?!\w)"
        spans += [(match.start(), match.end(), index) for match in re.finditer(pattern, text)]
    outer = [
        span for span in spans if not any(o[0] <= span[0] and span[1] <= o[1] and o[1] - o[0] > span[1] - span[0] for o in spans)
    ]
    return sorted({index for _, _, index in outer})


def parse_choice(text: str, options: Sequence[str], labels: Sequence[str] = ()) -> int | ParseFailure:
    """Index of the one option that the reply names, by its label or by its words.

    Accepted: the label alone or in front of anything that does not name another option ("B", "(b)", "B. agree"), the
    option alone, or a text in which exactly one option stands as whole words.

    Example:
        >>> parse_choice("I disagree.", ["agree", "disagree"])
        1
        >>> parse_choice("agree or disagree", ["agree", "disagree"]).reason
        'ambiguous'
    """
    if not text.strip():
        return ParseFailure("empty", text)
    normal = normal_words(text)
    for index, option in enumerate(options):
        if normal == normal_words(option):
            return index
    named = _options_in(normal, options)
    labelled = _labelled(text, labels)
    if labelled is not None and all(index == labelled for index in named):
        return labelled
    if len(named) == 1 and labelled is None:
        return named[0]
    if named:
        return ParseFailure("ambiguous", text, "names " + ", ".join(repr(options[i]) for i in named))
    return ParseFailure("no_match", text)


def _labelled(text: str, labels: Sequence[str]) -> int | None:
    match = _LABEL.match(text)
    if not match or not labels:
        return None
    found, rest = match[1].casefold(), match[2]
    index = next((i for i, label in enumerate(labels) if label.casefold() == found), None)
    if index is None:
        return None
    separated = text.strip()[len(match[1]) :][:1] in ("", ".", ")", ":", "]", ",", "\n", "-", '"', "'", "*")
    bare = not rest.strip()
    return index if bare or separated or text.strip()[:1] in "([\"'*" else None


def parse_number(text: str, low: float | None = None, high: float | None = None) -> float | ParseFailure:
    """The one number in the reply, checked against the range (both ends included).

    Commas are read as thousands separators only in groups of three; words are never read as numbers.

    Example:
        >>> parse_number("about 1,200 km", 0, 5000)
        1200.0
        >>> parse_number("between 3 and 5").reason
        'ambiguous'
    """
    if not text.strip():
        return ParseFailure("empty", text)
    found = {float(match[0].replace(",", "")) for match in _NUMBER.finditer(text)}
    if not found:
        return ParseFailure("not_a_number", text)
    if len(found) > 1:
        return ParseFailure("ambiguous", text, "names " + ", ".join(f"{n:g}" for n in sorted(found)))
    number = found.pop()
    if (low is not None and number < low) or (high is not None and number > high):
        return ParseFailure("out_of_range", text, f"{number:g} is outside {low} to {high}")
    return number


def last_sentence(text: str) -> str:
    """The text up to the end of its last whole sentence; unchanged where it has none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def clean_text(text: str) -> str:
    """A free answer without white space around it and quotation marks around the whole."""
    clean = text.strip()
    marks = {'"': '"', "\u201c": "\u201d"}
    if len(clean) >= 2 and marks.get(clean[0]) == clean[-1] and not any(mark in clean[1:-1] for mark in (clean[0], clean[-1])):
        clean = clean[1:-1].strip()
    return clean


def clean_message(text: str) -> str:
    """A message on one line without the quotation marks around it."""
    line = " ".join(text.split())
    while len(line) >= 2 and line[0] in "\"'\u201c\u2018" and line[-1] in "\"'\u201d\u2019":
        line = line[1:-1].strip()
    if line[:1] in ('"', "\u201c") and line.count('"') + line.count("\u201c") + line.count("\u201d") == 1:
        line = line[1:].strip()
    return line
