"""What moves in games pay, as pure functions. Amounts are in points.

Sources: Forsythe, Horowitz, Savin & Sefton (1994), Games and Economic Behavior 6, 347-369 (dictator); Güth, Schmittberger &
Schwarze (1982), Journal of Economic Behavior & Organization 3, 367-388 (ultimatum); Berg, Dickhaut & McCabe (1995), Games and
Economic Behavior 10, 122-142 (trust); Fehr & Gächter (2000), American Economic Review 90, 980-994 (public goods, punishment);
Rapoport & Chammah (1965), Prisoner's Dilemma; Orbell & Dawes (1993), American Sociological Review 58, 787-800 (staying out).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["dictator", "matrix_game", "public_goods", "punished", "trust", "ultimatum", "voluntary"]


def dictator(endowment: float, given: float) -> tuple[float, float]:
    """Giver and receiver: the giver keeps what it does not give.

    Example:
        >>> dictator(10, 3)
        (7, 3)
    """
    return endowment - given, given


def ultimatum(endowment: float, offered: float, *, accepted: bool) -> tuple[float, float]:
    """Proposer and responder: a rejected offer leaves both with nothing.

    Example:
        >>> ultimatum(10, 4, accepted=True), ultimatum(10, 4, accepted=False)
        ((6, 4), (0.0, 0.0))
    """
    return (endowment - offered, offered) if accepted else (0.0, 0.0)


def trust(endowment: float, sent: float, returned: float, multiplier: float) -> tuple[float, float]:
    """Trustor and trustee: what is sent is multiplied on its way, and the trustee returns a part of that.

    Example:
        >>> trust(10, 5, 8, 3)
        (13, 7)
    """
    return endowment - sent + returned, multiplier * sent - returned


def public_goods(endowment: float, contributions: Sequence[float], multiplier: float) -> tuple[float, ...]:
    """For each member: what it kept, and an equal share of all contributions times the multiplier.

    Example:
        >>> public_goods(20, [20, 20, 20, 0], 1.6)
        (24.0, 24.0, 24.0, 44.0)
    """
    share = multiplier * sum(contributions) / len(contributions)
    return tuple(endowment - contribution + share for contribution in contributions)


def punished(payoff: float, given: float, received: float, *, cost: float, fine: float) -> float:
    """A payoff after points of punishment: each point given costs ``cost``, each received ``fine``.

    Example:
        >>> punished(24.0, 2, 3, cost=1, fine=3)
        13.0
    """
    return payoff - cost * given - fine * received


def matrix_game(own: int, other: int, matrix: tuple[float, float, float, float]) -> float:
    """The payoff of one of two players who choose between two moves, 0 (cooperate) and 1 (defect).

    Args:
        own: the player's move.
        other: the other one's move.
        matrix: payoffs for (both 0; own 0, other 1; own 1, other 0; both 1): reward, sucker's, temptation, punishment.

    Example:
        >>> [matrix_game(own, other, (3, 0, 5, 1)) for own in (0, 1) for other in (0, 1)]
        [3, 0, 5, 1]
    """
    return matrix[2 * own + other]


def voluntary(own: int | None, other: int | None, matrix: tuple[float, float, float, float], outside: float) -> float:
    """The payoff of one of two players who may also stay out (None): then both get ``outside``, else what `matrix_game` pays.

    Example:
        >>> voluntary(0, 1, (3, 0, 5, 1), 2.0), voluntary(1, None, (3, 0, 5, 1), 2.0)
        (0, 2.0)
    """
    return outside if own is None or other is None else matrix_game(own, other, matrix)
