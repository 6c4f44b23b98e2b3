"""Variety of texts, and what of a message is in those that its author had read.

Tokens are runs of letters, digits and underscores without regard to case, or whatever the caller gives as tokens. Nothing
here embeds texts; vectors are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["ContentContagion", "Text", "content_contagion", "distinct_n", "mean_embedding_distance", "ngrams"]

Text = str | Sequence[str]
"""A text, or its tokens."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class ContentContagion:
    """Mean shares of a message's n-grams in one read and in one unread message, their difference, and what they come from."""

    read: float
    unread: float
    difference: float
    n_grams: int
    n_read: int
    n_unread: int


def ngrams(text: Text, n: int) -> tuple[tuple[str, ...], ...]:
    """All runs of n tokens in their order; none where the text is shorter.

    Raises:
        ValueError: n below 1.

    Example:
        >>> ngrams("To be, or not", 2)
        (('to', 'be'), ('be', 'or'), ('or', 'not'))
    """
    if n < 1:
        raise ValueError(f"an n-gram has at least one token, got {n}")
    tokens = _WORD.findall(text.casefold()) if isinstance(text, str) else list(text)
    return tuple(tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1))


def distinct_n(texts: Iterable[Text | None], n: int) -> float:
    """Different n-grams divided by all n-grams of the texts together; above 0, 1 where none comes twice.

    It falls with the amount of text, as words come again: compare equal amounts only. None is left out; one text is measured as
    any; NaN where no text has n tokens. Source: Li et al. 2016, *NAACL-HLT*.

    Raises:
        ValueError: n below 1.

    Example:
        >>> distinct_n(["the cat", "the dog"], 1)
        0.75
    """
    grams = [gram for text in texts if text is not None for gram in ngrams(text, n)]
    return len(set(grams)) / len(grams) if grams else float("nan")


def mean_embedding_distance(vectors: ArrayLike) -> float:
    """Mean cosine distance 1 - cos(v_i, v_j) over all pairs of two texts; from 0 (one direction) to n/(n-1), 2 for two opposites.

    1 - (|Σ u|² - n) / (n (n-1)) with unit vectors u, in O(n). Texts whose vector is zero or has a missing (NaN) or infinite
    number are left out; NaN with fewer than two. Source: the mean pairwise distance of Tevet & Berant 2021 (*EACL*), by
    embeddings.

    Args:
        vectors: of the shape (texts, dimensions).

    Raises:
        ValueError: another shape.

    Example:
        >>> mean_embedding_distance([[1.0, 0.0], [0.0, 2.0]])
        1.0
    """
    v = np.asarray(vectors, dtype=float)
    if v.size == 0:
        return float("nan")
    if v.ndim != 2:
        raise ValueError(f"vectors have the shape (texts, dimensions), got {v.shape}")
    v = v[np.isfinite(v).all(axis=1)]
    largest = np.abs(v).max(axis=1, initial=0.0)
    v = v[largest > 0.0] / largest[largest > 0.0, None]
    n = len(v)
    if n < 2:
        return float("nan")
    total = (v / np.linalg.norm(v, axis=1, keepdims=True)).sum(axis=0)
    return float(max(0.0, 1.0 - (total @ total - n) / (n * (n - 1))))


def content_contagion(message: Text, read: Iterable[Text | None], unread: Iterable[Text | None], n: int) -> ContentContagion:
    """Share of the different n-grams of a message found in a message read before, against in an unread one.

    Both are means over messages, between 0 and 1, so that the numbers of read and unread messages do not matter; their lengths
    do. The difference lies between -1 and 1, about 0 without contagion where unread messages are of the same time, topic and
    kind of author as those read. Source: textual reuse by shared n-grams as in Clough et al. 2002 (*ACL*),
    between exposed and not exposed as in Adar & Adamic 2005.

    None is left out. NaN where the message has fewer than n tokens; each share is NaN where no such message is given.

    Args:
        message: what was written.
        read: messages that its author had read before, without the author's own.
        unread: messages written before by others that the author had not read.
        n: number of tokens of an n-gram; 3 or more keeps out everyday phrases.

    Raises:
        ValueError: n below 1.

    Example:
        >>> content_contagion("ban all cars", ["we ban all trams"], ["trees are good"], 2)
        ContentContagion(read=0.5, unread=0.0, difference=0.5, n_grams=2, n_read=1, n_unread=1)
    """
    grams = set(ngrams(message, n))
    sides = [[set(ngrams(text, n)) for text in texts if text is not None] for texts in (read, unread)]
    shares = [_mean_share(grams, side) for side in sides]
    return ContentContagion(shares[0], shares[1], shares[0] - shares[1], len(grams), len(sides[0]), len(sides[1]))


def _mean_share(grams: set[tuple[str, ...]], others: Sequence[set[tuple[str, ...]]]) -> float:
    if not grams or not others:
        return float("nan")
    return float(np.mean([len(grams & other) / len(grams) for other in others]))
