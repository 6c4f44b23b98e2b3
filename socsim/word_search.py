"""Looking for listed words in a text: whole words, in any case, with simple English inflections.

It knows spelling, not meaning: "majority" is found in "the majorities' view" and not in "majoritarian", whatever is meant by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Found", "find_words", "words_in"]

_VOWELS = "aeiou"
_BETWEEN = r"[\s–-]+"


@dataclass(frozen=True, slots=True)
class Found:
    """A listed word in a text: as it is listed, as it is written there, and from where to where."""

    word: str
    written: str
    start: int
    end: int


def words_in(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """Those of the listed words that stand in a text, in the order of the list.

    Example:
        >>> words_in("The majority's herding; a shepherd.", ["herd", "majority", "shep"])
        ('herd', 'majority')
    """
    return tuple(word for word in words if _pattern(word).search(text))


def find_words(text: str, words: Iterable[str]) -> tuple[Found, ...]:
    """Every place at which one of the listed words stands in a text, from its beginning to its end.

    A word may be several (``peer pressure``), with blanks, line breaks or hyphens between them; the last of them may be
    inflected: plural, possessive, -ed, -ing. ``and`` stands for ``&``, too. A place that lies within the place of a longer
    word is left out.
    """
    found = [Found(word, hit[0], hit.start(), hit.end()) for word in words for hit in _pattern(word).finditer(text)]
    whole = [one for one in found if not any(_within(one, other) for other in found)]
    return tuple(sorted(whole, key=lambda one: (one.start, one.word)))


def _within(one: Found, other: Found) -> bool:
    return other.start <= one.start and one.end <= other.end and other.end - other.start > one.end - one.start


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    *first, last = re.split(_BETWEEN, word.strip())
    parts = [_plain(part) for part in first]
    phrase = _BETWEEN.join([*parts, _inflected(last)])
    return re.compile(rf"(?<!\w){phrase}(?!\w)", re.IGNORECASE)


def _plain(part: str) -> str:
    return "(?:and|&)" if part.lower() == "and" else re.escape(part).replace("'", "['’]")


def _inflected(word: str) -> str:
    """A word in its plain form, its plural, its possessives, with -ed and with -ing."""
    stem, plain = _plain(word), word.lower()
    forms = [f"{stem}(?:s|es|['’]s|s['’]|['’]|ed|ing)?"]
    if plain.endswith("e"):
        forms.append(rf"{_plain(word[:-1])}(?:ing|ed)")
    elif plain.endswith("y") and plain[-2:-1] not in ("", *_VOWELS):
        forms.append(rf"{_plain(word[:-1])}ie(?:s|d|s['’])")
    elif plain[-1:].isalpha() and plain[-1] not in (*_VOWELS, "w", "x", "y") and plain[-2:-1] in tuple(_VOWELS):
        forms.append(rf"{stem}{re.escape(plain[-1])}(?:ed|ing)")
    return f"(?:{'|'.join(forms)})"
