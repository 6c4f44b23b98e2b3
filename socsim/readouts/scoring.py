"""From log-probabilities to a distribution over options: pooling, correction, averaging.

Pure arithmetic on numbers; knows nothing of prompts or engines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from socsim.items import Reading

__all__ = ["average", "corrected", "longer_candidates", "mean_of", "pooled", "tempered"]


@lru_cache(maxsize=1024)
def longer_candidates(candidates: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """For each candidate, those that begin with it and with no longer candidate that begins with it too.

    Example:
        >>> longer_candidates(("1", "12", "123", "2"))
        ((1,), (2,), (), ())
    """
    within = [[j for j, longer in enumerate(candidates) if longer != text and longer.startswith(text)] for text in candidates]
    return tuple(tuple(j for j in inner if not any(j in within[k] for k in inner)) for inner in within)


def pooled(
    logprobs: Sequence[float], owner: Sequence[int], size: int, longer: Sequence[Sequence[int]] | None = None
) -> tuple[tuple[float, ...], float]:
    """Probabilities of ``size`` options from the log-probabilities of their surface forms.

    A form counts where the reply begins with it and not with a longer one: P(form) − Σ P(forms that go on from it), at
    least 0; ``longer`` are those forms (see `longer_candidates`).

    Surface forms of one option add up: P(option) = Σ exp(logprob). Returns the probabilities renormalised over the
    options and their total before that, the mass (0 to 1). With no mass at all the probabilities are all 0.

    Example:
        >>> import math
        >>> pooled([math.log(.1), math.log(.1), math.log(.2)], [0, 0, 1], 2)[0]
        (0.5, 0.5)
    """
    sums = [0.0] * size
    p = [math.exp(logprob) for logprob in logprobs]
    own = p if longer is None or not any(longer) else [_without(p, i, inner) for i, inner in enumerate(longer)]
    for probability, option in zip(own, owner, strict=True):
        sums[option] += probability
    mass = math.fsum(sums)
    if not math.isfinite(mass) or mass <= 0.0:
        return tuple(0.0 for _ in sums), 0.0
    return tuple(p / mass for p in sums), mass


def _without(p: Sequence[float], index: int, inner: Sequence[int]) -> float:
    return max(0.0, p[index] - math.fsum(p[j] for j in inner))


def corrected(probabilities: Sequence[float], blank: Sequence[float]) -> tuple[float, ...]:
    """Content-free correction: p(option | prompt) / p(option | content-free prompt), renormalised.

    The pointwise mutual information of option and content, up to a constant (Holtzman et al. 2021; with ``N/A`` as content
    it is the diagonal rescaling of Zhao et al. 2021). An option that the content-free prompt gives no probability at all
    cannot be corrected.

    Raises:
        ZeroDivisionError: an option has probability above 0 with content and exactly 0 without.
    """
    ratios = [p / q if p > 0.0 else 0.0 for p, q in zip(probabilities, blank, strict=True)]
    total = math.fsum(ratios)
    return tuple(ratio / total for ratio in ratios)


def tempered(probabilities: Sequence[float], temperature: float) -> tuple[float, ...]:
    """p^(1/T), renormalised: T above 1 flattens a distribution, below 1 sharpens it, 1 leaves it as it is.

    Computed relative to the greatest probability, so that no temperature takes all of it away. At least one must be above 0.

    Example:
        >>> tempered((0.8, 0.2), 0.5)
        (0.9411764705882353, 0.05882352941176471)
    """
    if temperature == 1.0:
        return tuple(probabilities)
    greatest = max(probabilities)
    powers = [(p / greatest) ** (1.0 / temperature) for p in probabilities]
    total = math.fsum(powers)
    return tuple(power / total for power in powers)


def mean_of(distributions: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The mean of distributions over the same options, each counting the same."""
    return tuple(math.fsum(column) / len(distributions) for column in zip(*distributions, strict=True))


def average(readings: Sequence[Reading]) -> tuple[tuple[float, ...], float]:
    """Mean of the readings' probabilities, every reading counting the same, and their mean mass."""
    count = len(readings)
    columns = zip(*(reading.probabilities for reading in readings), strict=True)
    means = tuple(math.fsum(column) / count for column in columns)
    total = math.fsum(means)
    return tuple(p / total for p in means), math.fsum(reading.mass for reading in readings) / count
