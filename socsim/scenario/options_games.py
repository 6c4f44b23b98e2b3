"""Options and wording of ``games``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["WORDING_GAMES", "GamesOptions", "PunishmentSpec", "amount_ballot", "move_ballot"]

Game = Literal["dictator", "ultimatum", "trust", "public_goods", "prisoners_dilemma", "stag_hunt"]
MATRIX_GAMES = ("prisoners_dilemma", "stag_hunt")
_MATRICES: Mapping[str, tuple[float, float, float, float]] = {
    "prisoners_dilemma": (3.0, 0.0, 5.0, 1.0),
    "stag_hunt": (4.0, 0.0, 3.0, 3.0),
}
_MOST_AMOUNTS = 26
"""Amounts that one question can offer."""


class PunishmentSpec(Spec):
    """Deducting points of others after their contributions have become known."""

    cost: float = Field(default=1.0, ge=0.0)
    """What a point of punishment costs the one who gives it."""
    fine: float = Field(default=3.0, ge=0.0)
    """What a point of punishment takes from the one who gets it."""
    most: int = Field(default=3, ge=1, le=25)
    """Points that one may give to each other one."""


class GamesOptions(Spec):
    """Options of ``games``."""

    game: Game
    endowment: int = Field(default=10, ge=1)
    """Points that the first mover, or every contributor, has."""
    unit: int | None = Field(default=None, ge=1)
    """Amounts are multiples of this; of 2 in ``trust``, else of 1, where not given."""
    multiplier: float | None = Field(default=None, gt=0.0)
    """``trust``: of what is sent (3 where not given); ``public_goods``: of all contributions (1.6 where not given)."""
    matrix: tuple[float, float, float, float] | None = None
    """``prisoners_dilemma`` and ``stag_hunt``: payoffs for both playing the first move; own first, other second; own second,
    other first; both second."""
    moves: tuple[str, str] = ("X", "Y")
    """``prisoners_dilemma`` and ``stag_hunt``: how the moves are called; the first is the cooperative one."""
    punishment: PunishmentSpec | None = None
    """``public_goods``: whether and how points can be deducted."""
    talk: bool = False
    """Whether everybody writes a message to the others before each round; needs ``say`` in the phase."""
    rounds: int = Field(default=1, ge=1, le=1000)
    """Rounds in one step."""
    history: int = Field(default=3, ge=0, le=1000)
    """Own past rounds that a player is told."""
    readout: ReadoutSpec = ReadoutSpec(labels=("letters",))
    """How moves are read."""

    @property
    def factor(self) -> float:
        """The multiplier in force."""
        return self.multiplier if self.multiplier is not None else 3.0 if self.game == "trust" else 1.6

    @property
    def amounts_of(self) -> int:
        """The unit in force."""
        return self.unit if self.unit is not None else 2 if self.game == "trust" else 1

    @property
    def payoffs(self) -> tuple[float, float, float, float]:
        """The matrix in force."""
        return self.matrix if self.matrix is not None else _MATRICES[self.game]

    @model_validator(mode="after")
    def _belongs(self) -> GamesOptions:
        if self.punishment is not None and self.game != "public_goods":
            raise ValueError("only public_goods has a punishment")
        if self.matrix is not None and self.game not in MATRIX_GAMES:
            raise ValueError(f"only {' and '.join(MATRIX_GAMES)} have a matrix")
        if self.multiplier is not None and self.game not in ("trust", "public_goods"):
            raise ValueError("only trust and public_goods have a multiplier")
        if self.moves[0] == self.moves[1]:
            raise ValueError("the two moves need different names")
        most = self.endowment * (self.factor if self.game == "trust" else 1.0)
        if self.game not in MATRIX_GAMES and most / self.amounts_of + 1 > _MOST_AMOUNTS:
            raise ValueError(f"there would be more than {_MOST_AMOUNTS} amounts to choose from; give a larger `unit`")
        return self


def amount_ballot(options: GamesOptions, question: str, most: float) -> ItemSpec:
    """The question for an amount from 0 to ``most``, an ordered scale of multiples of the unit."""
    amounts = tuple(str(amount) for amount in range(0, int(most) + 1, options.amounts_of))
    return ItemSpec(type="ordinal", text=question, options=amounts, readout=options.readout)


def move_ballot(options: GamesOptions, question: str, moves: tuple[str, ...]) -> ItemSpec:
    """The question for one of some moves."""
    return ItemSpec(type="nominal", text=question, options=moves, readout=options.readout)


_POINTS = "Points are worth money to you. "

WORDING_GAMES: Mapping[str, str] = {
    "dictator_giver": _POINTS + "You have {endowment} points and may give some of them to another person, who has none.\n",
    "dictator_question": "How many points do you give?",
    "ultimatum_proposer": _POINTS
    + "You have {endowment} points to divide. You offer some to another person. If the offer is accepted, it is paid out; "
    "if it is rejected, both of you get nothing.\n",
    "ultimatum_question": "How many points do you offer?",
    "ultimatum_responder": _POINTS
    + "Another person has {endowment} points to divide and offers you {amount} of them. If you accept, it is paid out; if you "
    "reject, both of you get nothing.\n",
    "ultimatum_answer": "What do you do?",
    "accept": "accept",
    "reject": "reject",
    "trust_trustor": _POINTS
    + "You have {endowment} points. You may send some of them to another person. What you send is multiplied by {multiplier}, "
    "and the other person decides how much of it to send back.\n",
    "trust_question": "How many points do you send?",
    "trust_trustee": _POINTS
    + "Another person had {endowment} points and sent you {amount}, which became {total}. You may send some of it back.\n",
    "trust_answer": "How many points do you send back?",
    "public_goods": _POINTS
    + "You are in a group of {size}. Everybody has {endowment} points and may put some into a project. The points in the project "
    "are multiplied by {multiplier} and shared equally among all, whoever put them in.\n",
    "public_goods_question": "How many points do you put into the project?",
    "punishment": "This round the others put in: {contributions}. You may deduct points of others: each costs you {cost} and "
    "takes {fine} from the other.\n",
    "punishment_question": "How many points of punishment do you give to {person}?",
    "matrix": _POINTS
    + "You and another person each choose {first} or {second} at the same time. If both choose {first}, each gets {both_first}. "
    "If you choose {first} and the other {second}, you get {first_second} and the other {second_first}. If both choose {second}, "
    "each gets {both_second}.\n",
    "matrix_neighbours": _POINTS
    + "You and each of your {size} neighbours play a game; your choice counts against all of them. If both choose {first}, "
    "you get {both_first} from this neighbour. If you choose {first} and the neighbour {second}, you get {first_second}. If you "
    "choose {second} and the neighbour {first}, you get {second_first}. If both choose {second}, you get {both_second}.\n",
    "matrix_question": "Which do you choose?",
    "past": "Your last rounds:\n{lines}\nYour points so far: {total}.\n",
    "line": "- you: {own}; others: {others}; you got {payoff}",
    "said": "Before this round was said:\n{lines}\n",
    "message": '{speaker}: "{text}"',
    "person": "Person {number}",
    "you": "You",
    "talk": "Write one short sentence to the others before you choose.",
}
"""What players are told (one text for each part of a game), what they are asked, and how past rounds are put."""
