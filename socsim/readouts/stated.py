"""Strict reading of numbers that a model states: percentages, probabilities and single numbers, in JSON or on plain lines.

Nothing is guessed or filled in: what is not stated exactly as asked is a failure with the raw reply kept. It knows nothing of
prompts or engines.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from socsim.items import ParseFailure
from socsim.parsing import normal_words, parse_number

__all__ = ["SUM_TOLERANCE", "Pairs", "parse_candidates", "parse_json", "parse_json_number", "parse_percentages"]

SUM_TOLERANCE = 1.0
"""Percentage points by which stated percentages may miss 100; within, they are normalised and the stated sum is kept."""

_FENCE = re.compile(r"\s*```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL | re.IGNORECASE)
_STATED = re.compile(r"(?:[-*\u2022][ \t]+)?(\S.*?)[ \t]*[:=][ \t]*(\d+(?:\.\d+)?)[ \t]*%?[ \t]*[,;.]?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)[ \t]*%?")


class Pairs(list[tuple[str, Any]]):
    """A JSON object as written: its names and values in order, repeated names included."""


def parse_json(text: str) -> Any:
    """The JSON value that the whole reply is, or holds as its one fenced block; objects become `Pairs`.

    Returns a `ParseFailure` where it is none. ``NaN`` and infinities are no JSON.

    Example:
        >>> parse_json('{"A": 1}')
        [('A', 1)]
        >>> parse_json('Sure! {"A": 1}').reason
        'malformed'
    """
    if not text.strip():
        return ParseFailure("empty", text)
    fenced = _FENCE.fullmatch(text)
    try:
        return json.loads(fenced[1] if fenced else text, object_pairs_hook=Pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return ParseFailure("malformed", text, f"no JSON: {error.msg} (character {error.pos})")
    except (ValueError, RecursionError) as error:
        return ParseFailure("malformed", text, f"no JSON: {str(error) or type(error).__name__}")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def parse_json_number(text: str, low: float | None = None, high: float | None = None) -> float | ParseFailure:
    """The number of a JSON object that holds one number under ``number``, or the one number that stands in a plain reply.

    Example:
        >>> parse_json_number('{"number": 12}', 0, 24)
        12.0
        >>> parse_json_number("12 hours")
        12.0
        >>> parse_json_number('{"hours": 12}').reason
        'malformed'
    """
    if not any(sign in text for sign in "{}[]"):
        return parse_number(text, low, high)
    value = parse_json(text)
    if isinstance(value, ParseFailure):
        return value
    if not isinstance(value, Pairs) or [name for name, _ in value] != ["number"]:
        return ParseFailure("malformed", text, 'the reply is no JSON object with "number" alone')
    number = value[0][1]
    if not _is_number(number):
        return ParseFailure("not_a_number", text, "the number is no finite JSON number")
    if (low is not None and number < low) or (high is not None and number > high):
        return ParseFailure("out_of_range", text, f"{number:g} is outside {low} to {high}")
    return float(number)


def parse_percentages(text: str, options: Sequence[str], labels: Sequence[str]) -> tuple[tuple[float, ...], float] | ParseFailure:
    """The percentage of every option, as shares that sum to 1, and the sum as it was stated.

    The reply is a JSON object, or lines such as ``A: 20%``, and nothing else. Every option is named exactly once, by its label,
    its words or both ("A. agree"); every percentage is between 0 and 100; their sum misses 100 by `SUM_TOLERANCE` at most.

    Example:
        >>> parse_percentages("A: 25%\\nB: 74%", ["agree", "disagree"], ["A", "B"])
        ((0.25252525252525254, 0.7474747474747475), 99.0)
    """
    stated = _stated(text)
    if isinstance(stated, ParseFailure):
        return stated
    shares: list[float | None] = [None] * len(options)
    for name, value in stated:
        index = _named(name, options, labels)
        number = _percentage(value)
        if index is None:
            return ParseFailure("no_match", text, f"{name!r} names no option")
        if shares[index] is not None:
            return ParseFailure("malformed", text, f"{labels[index]} stands twice")
        if number is None:
            return ParseFailure("not_a_number", text, f"the percentage of {labels[index]} is no number")
        if not 0.0 <= number <= 100.0:
            return ParseFailure("out_of_range", text, f"{number:g} for {labels[index]} is outside 0 to 100")
        shares[index] = number
    missing = [label for label, share in zip(labels, shares, strict=True) if share is None]
    if missing:
        return ParseFailure("malformed", text, "no percentage for " + ", ".join(missing))
    numbers = [share for share in shares if share is not None]
    total = math.fsum(numbers)
    if abs(total - 100.0) > SUM_TOLERANCE:
        return ParseFailure("wrong_sum", text, f"the percentages add up to {total:g}, not to 100")
    return tuple(number / total for number in numbers), total


def _stated(text: str) -> Sequence[tuple[str, Any]] | ParseFailure:
    """Names and values as the reply states them: a JSON object's, or those of its lines."""
    if any(sign in text for sign in "{}[]"):
        value = parse_json(text)
        if isinstance(value, ParseFailure | Pairs):
            return value
        return ParseFailure("malformed", text, "the reply is no JSON object")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ParseFailure("empty", text)
    found = [_STATED.fullmatch(line) for line in lines]
    for line, match in zip(lines, found, strict=True):
        if match is None:
            return ParseFailure("malformed", text, f"the line {line[:60]!r} states no percentage of an option")
    return [(match[1], match[2]) for match in found if match is not None]


def _percentage(value: object) -> float | None:
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value.strip())
        return float(match[1]) if match else None
    return float(value) if _is_number(value) else None  # type: ignore[arg-type]


def _named(name: object, options: Sequence[str], labels: Sequence[str]) -> int | None:
    """The option of which a name is the label, the words or both, and nothing else; labels go first, as they were asked for."""
    if not isinstance(name, str):
        return None
    normal = normal_words(name)
    marks = [normal_words(label) for label in labels]
    if normal in marks:
        return marks.index(normal)
    for index, (mark, option) in enumerate(zip(marks, options, strict=True)):
        words = normal_words(option)
        if normal in (words, *(f"{mark}{sign} {words}" for sign in (".", ")", ":", ""))):
            return index
    return None


def parse_candidates(
    text: str, options: Sequence[str], labels: Sequence[str], count: int
) -> tuple[tuple[float, ...], float] | ParseFailure:
    """Shares of the options from ``count`` answers with a probability each, and the probabilities' sum before normalising.

    The reply is a JSON object ``{"answers": [{"answer": …, "probability": …}, …]}``; answers that name one option add up. What
    the sum lacks to 1 the model left to answers it did not give.

    Example:
        >>> reply = '{"answers": [{"answer": "A", "probability": 0.5}, {"answer": "B", "probability": 0.25}]}'
        >>> parse_candidates(reply, ["agree", "disagree"], ["A", "B"], 2)
        ((0.6666666666666666, 0.3333333333333333), 0.75)
    """
    value = parse_json(text)
    if isinstance(value, ParseFailure):
        return value
    answers = value[0][1] if isinstance(value, Pairs) and [name for name, _ in value] == ["answers"] else None
    if not isinstance(answers, list) or isinstance(answers, Pairs):
        return ParseFailure("malformed", text, 'the reply is no JSON object with a list "answers" alone')
    if len(answers) != count:
        return ParseFailure("malformed", text, f"{len(answers)} answers were given, {count} were asked for")
    sums = [0.0] * len(options)
    for number, answer in enumerate(answers, start=1):
        one = _candidate(answer, options, labels)
        if isinstance(one, ParseFailure):
            return ParseFailure(one.reason, text, f"answer {number} {one.detail}")
        sums[one[0]] += one[1]
    mass = math.fsum(sums)
    if mass > 1.0 + SUM_TOLERANCE / 100.0 or mass <= 0.0:
        return ParseFailure("wrong_sum", text, f"the probabilities add up to {mass:g}")
    return tuple(each / mass for each in sums), mass


def _candidate(answer: object, options: Sequence[str], labels: Sequence[str]) -> tuple[int, float] | ParseFailure:
    if not isinstance(answer, Pairs) or sorted(name for name, _ in answer) != ["answer", "probability"]:
        return ParseFailure("malformed", "", 'is no object with "answer" and "probability" alone')
    given = dict(answer)
    index, probability = _named(given["answer"], options, labels), given["probability"]
    if index is None:
        return ParseFailure("no_match", "", "names no option")
    if not _is_number(probability):
        return ParseFailure("not_a_number", "", "has a probability that is no number")
    if not 0.0 <= probability <= 1.0:
        return ParseFailure("out_of_range", "", "has a probability outside 0 to 1")
    return index, float(probability)
