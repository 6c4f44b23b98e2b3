"""Log-probabilities of whole options from vLLM: one call of one token for each node of the options' tree.

All calls begin with the same prompt, which vLLM's prefix cache computes once. Log-probabilities of prompt tokens would take
one call, but bypass that cache. Knows tokens, not prompts or items.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from socsim.inference.option_tries import OptionTrie, log_sum_exp, probability_of_beginning, score_options
from socsim.inference.types import Usage

__all__ = ["NextTokens", "score_trie"]

Path = tuple[int, ...]
NextTokens = Callable[[Sequence[int], Sequence[int]], Awaitable[tuple[Mapping[int, float], int]]]
"""Log-probabilities of some tokens after a prompt, and the number of the prompt's tokens that were cached."""


async def score_trie(
    ids: Sequence[int], trie: OptionTrie, ask: NextTokens, vocabulary: Callable[[], Mapping[int, bytes]]
) -> tuple[tuple[float, ...], Usage]:
    """Natural-log probability of each option as the continuation of a prompt, and the tokens that it took.

    Where the tokenizer joins the prompt's end with an option, the joined text is scored from before that end, and divided by
    the probability that the text goes on with that end at all.

    Args:
        ids: the prompt.
        trie: its options.
        ask: gives log-probabilities of next tokens.
        vocabulary: the text of every token; called only where the tokenizer joins.
    """
    base = list(ids[: len(ids) - trie.taken_back])
    wanted = dict(trie.children)
    end = tuple(ids[len(ids) - trie.taken_back :]) if trie.taken_back else ()
    texts = vocabulary() if end else {}
    for path, tokens in _beginnings(end, trie, texts):
        wanted[path] = tuple(dict.fromkeys((*wanted.get(path, ()), *tokens)))
    found, cached = await _all_nodes(base, wanted, ask)
    usage = Usage(prompt_tokens=len(ids), cached_tokens=cached)
    scores = score_options(trie, lambda path, _: found[path])
    if not end or max(scores) == -math.inf:
        return scores, usage
    prefix = probability_of_beginning(end, trie, lambda path: found[path], lambda token: texts.get(token, b""))
    # The paths are part of the sum, so that it is below theirs by rounding alone.
    prefix = max(prefix, log_sum_exp(scores))
    return tuple(min(0.0, score - prefix) for score in scores), usage


async def _all_nodes(
    base: list[int], wanted: Mapping[Path, Sequence[int]], ask: NextTokens
) -> tuple[dict[Path, Mapping[int, float]], int]:
    """Log-probabilities at each node, and how many of the prompt's tokens were not computed for any.

    The first node is asked alone, so that the others find its prompt computed; then the others side by side.
    """
    first, *others = wanted
    answers = [await ask(base + list(first), wanted[first])]
    answers += await asyncio.gather(*(ask(base + list(path), wanted[path]) for path in others))
    nodes = (first, *others)
    computed = sum(len(base) + len(path) - cached for path, (_, cached) in zip(nodes, answers, strict=True))
    found = {path: logprobs for path, (logprobs, _) in zip(nodes, answers, strict=True)}
    return found, max(0, len(base) - computed)


def _beginnings(end: Path, trie: OptionTrie, texts: Mapping[int, bytes]) -> Iterator[tuple[Path, list[int]]]:
    """Nodes and tokens that `probability_of_beginning` looks at for the prompt's taken-back end."""
    taken = {end, *(path for paths in trie.paths for path in paths)}
    left: list[tuple[Path, bytes]] = [((), b"".join(texts.get(token, b"") for token in end))] if end else []
    while left:
        path, text = left.pop()
        tokens = [token for token, own in texts.items() if own.startswith(text)]
        for token in sorted({one[len(path)] for one in taken if one[: len(path)] == path and len(one) > len(path)}):
            own = texts.get(token, b"")
            if own and len(own) < len(text) and text.startswith(own):
                tokens.append(token)
                left.append(((*path, token), text[len(own) :]))
        yield path, tokens
