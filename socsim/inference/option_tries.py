"""Probabilities of whole options from probabilities of single tokens.

An option of several tokens is a path through a tree of tokens; its probability is the product along the path. Options that
begin alike share the beginning, so each node of the tree is asked once. Knows no engine: who asks gives next-token
log-probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from socsim.inference.types import Request, TokenPiece

__all__ = ["OptionTrie", "build_trie", "log_sum_exp", "probability_of_beginning", "score_options"]

Path = tuple[int, ...]
NextLogprobs = Callable[[Path, Sequence[int]], Mapping[int, float]]


@dataclass(frozen=True, slots=True)
class OptionTrie:
    """The options of a request as token paths.

    ``paths[i]`` are the paths of candidate i, one per terminator; ``children`` the next tokens at each inner node, in an
    order in which a node follows its parent. ``taken_back`` tokens of the prompt are part of the paths instead, because the
    tokenizer joins the end of the prompt with the beginning of an option; the probabilities along the paths then are those of
    the taken-back text with the option, see `probability_of_beginning`.
    """

    paths: tuple[tuple[Path, ...], ...]
    children: tuple[tuple[Path, tuple[int, ...]], ...]
    taken_back: int

    @property
    def candidate_ids(self) -> tuple[Path, ...]:
        """Tokens of each candidate, with its first terminator where it has one."""
        return tuple(paths[0] for paths in self.paths)


def build_trie(request: Request, last: TokenPiece, end: int | None, tokens_of: Callable[[str], Path]) -> OptionTrie:
    """The tree of a request's candidates.

    Candidates are tokenised jointly with the text in front of them, unless that is the template's.

    Args:
        request: a score request.
        last: the last piece of its prompt.
        end: the token that ends a reply, for the terminator ``""``; None where there is none.
        tokens_of: tokenizes a text without control tokens.

    Raises:
        ValueError: a candidate has no tokens of its own, or ends a reply where the model has no token for that.
    """
    before, known = ("", ()) if last.template else (last.text, last.ids)
    whole = [_paths(before + candidate, request.terminators, end, tokens_of) for candidate in request.candidates]
    root = min(_shared(known, path) for paths in whole for path in paths)
    cut = tuple(tuple(path[root:] for path in paths) for paths in whole)
    if any(not path for paths in cut for path in paths):
        raise ValueError("a candidate adds no token to the prompt")
    return OptionTrie(cut, _inner_nodes(cut), len(known) - root)


def _paths(text: str, terminators: Sequence[str], end: int | None, tokens_of: Callable[[str], Path]) -> list[Path]:
    """Paths of one text, none of which begins with another."""
    if not terminators:
        return [tokens_of(text)]
    if end is None and "" in terminators:
        raise ValueError("the model has no token that ends a reply")
    paths = {(*tokens_of(text), end) if mark == "" and end is not None else tokens_of(text + mark): None for mark in terminators}
    return [path for path in paths if not any(path != other and path[: len(other)] == other for other in paths)]


def _shared(left: Path, right: Path) -> int:
    length = min(len(left), len(right))
    return next((i for i in range(length) if left[i] != right[i]), length)


def _inner_nodes(whole: Sequence[Sequence[Path]]) -> tuple[tuple[Path, tuple[int, ...]], ...]:
    """Nodes with their children, depth first, so that a node shares as much as possible with the one before."""
    children: dict[Path, dict[int, None]] = {}
    for paths in whole:
        for path in paths:
            for depth, token in enumerate(path):
                children.setdefault(path[:depth], {})[token] = None
    return tuple((node, tuple(children[node])) for node in sorted(children))


def score_options(trie: OptionTrie, next_logprobs: NextLogprobs) -> tuple[float, ...]:
    """Natural-log probability of each candidate: log Σ over its paths of Π P(token | prompt and path so far).

    Args:
        trie: the candidates.
        next_logprobs: log-probabilities, over the whole vocabulary, of some next tokens after a path.
    """
    found = {node: next_logprobs(node, tokens) for node, tokens in trie.children}

    def along(path: Path) -> float:
        return math.fsum(found[path[:depth]][token] for depth, token in enumerate(path))

    return tuple(min(0.0, log_sum_exp([along(path) for path in paths])) for paths in trie.paths)


def probability_of_beginning(
    end: Path, trie: OptionTrie, all_logprobs: Callable[[Path], Mapping[int, float]], bytes_of: Callable[[int], bytes]
) -> float:
    """Natural-log probability that the text goes on with the taken-back end of the prompt, however it is cut into tokens.

    It is the sum over the tokens that begin with that text, and over the ways to write it in several tokens that the
    prompt or one of the options takes; ways that neither takes are left out, as a model that has learnt from the
    tokenizer's own cuts hardly ever writes them.

    Args:
        end: the taken-back tokens.
        trie: the options, whose paths all go on from there.
        all_logprobs: log-probabilities of all next tokens after a path.
        bytes_of: the text of a token.
    """
    taken = {end, *(path for paths in trie.paths for path in paths)}
    return _beginning(b"".join(map(bytes_of, end)), (), taken, all_logprobs, bytes_of)


def _beginning(
    text: bytes,
    so_far: Path,
    taken: set[Path],
    all_logprobs: Callable[[Path], Mapping[int, float]],
    bytes_of: Callable[[int], bytes],
) -> float:
    found = all_logprobs(so_far)
    parts = [value for token, value in found.items() if bytes_of(token).startswith(text)]
    depth = len(so_far)
    for token in sorted({path[depth] for path in taken if path[:depth] == so_far and len(path) > depth}):
        own = bytes_of(token)
        if own and len(own) < len(text) and text.startswith(own) and found.get(token, -math.inf) > -math.inf:
            rest = _beginning(text[len(own) :], (*so_far, token), taken, all_logprobs, bytes_of)
            parts.append(found[token] + rest)
    return log_sum_exp(parts)


def log_sum_exp(values: Sequence[float]) -> float:
    """log Σ exp; minus infinity for nothing at all."""
    largest = max(values, default=-math.inf)
    if largest == -math.inf:
        return largest
    return largest + math.log(math.fsum(math.exp(value - largest) for value in values))
