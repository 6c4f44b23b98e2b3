"""Options and wording of ``games``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = [
    "FIRST",
    "MATRIX_GAMES",
    "MOVE",
    "PUNISHMENT",
    "SECOND",
    "WORDING_GAMES",
    "GamesOptions",
    "PunishmentSpec",
    "amount_ballot",
    "amounts_up_to",
    "move_ballot",
    "point_ballot",
]

Game = Literal["dictator", "ultimatum", "trust", "public_goods", "prisoners_dilemma", "stag_hunt"]
MATRIX_GAMES = ("prisoners_dilemma", "stag_hunt")
_MATRICES: Mapping[str, tuple[float, float, float, float]] = {
    "prisoners_dilemma": (3.0, 0.0, 5.0, 1.0),
    "stag_hunt": (4.0, 0.0, 3.0, 3.0),
}
FIRST: Mapping[str, str] = {"dictator": "giver", "ultimatum": "proposer", "trust": "trustor"}
SECOND: Mapping[str, str] = {"ultimatum": "responder", "trust": "trustee"}
"""Who moves first, and who answers."""
MOVE, PUNISHMENT = "move", "punishment"
"""Under which choices are recorded among the answers."""
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
    """Amounts are multiples of this, as is the endowment; of 2 in ``trust``, else of 1, where not given."""
    multiplier: float | None = Field(default=None, gt=0.0)
    """``trust``: of what is sent (3 where not given); ``public_goods``: of all contributions (1.6 where not given)."""
    matrix: tuple[float, float, float, float] | None = None
    """``prisoners_dilemma`` and ``stag_hunt``: payoffs for both playing the first move; own first, other second; own second,
    other first; both second. The prisoner's dilemma is one where the third is more than the first, that more than the fourth,
    and that more than the second; the stag hunt where the first is more than the third, which is at least the fourth, and that
    more than the second."""
    moves: tuple[str, str] = ("X", "Y")
    """``prisoners_dilemma`` and ``stag_hunt``: how the moves are called; the first is the cooperative one."""
    stay_out: float | None = None
    """``prisoners_dilemma`` and ``stag_hunt``: points of both where one of two stays out; where not given, everybody has to
    play."""
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
        for name in ("matrix", "stay_out"):
            if getattr(self, name) is not None and self.game not in MATRIX_GAMES:
                raise ValueError(f"only {' and '.join(MATRIX_GAMES)} have a `{name}`")
        if self.multiplier is not None and self.game not in ("trust", "public_goods"):
            raise ValueError("only trust and public_goods have a multiplier")
        if self.game in MATRIX_GAMES:
            self._check_matrix()
        else:
            self._check_amounts()
        return self

    def _check_matrix(self) -> None:
        both_first, first_second, second_first, both_second = self.payoffs
        if self.game == "prisoners_dilemma" and not second_first > both_first > both_second > first_second:
            raise ValueError(
                "the `matrix` is no prisoner's dilemma: write [reward, sucker, temptation, punishment], such as [3, 0, 5, 1]"
            )
        if self.game == "stag_hunt" and not both_first > second_first >= both_second > first_second:
            raise ValueError(
                "the `matrix` is no stag hunt: the first must be the largest and the second the smallest, as in [4, 0, 3, 3]"
            )

    def _check_amounts(self) -> None:
        if self.endowment % self.amounts_of:
            raise ValueError(
                f"an endowment of {self.endowment} is no multiple of the unit {self.amounts_of}; give another `unit`"
            )
        most = self.endowment * (self.factor if self.game == "trust" else 1.0)
        if most / self.amounts_of + 1 > _MOST_AMOUNTS:
            raise ValueError(f"there would be more than {_MOST_AMOUNTS} amounts to choose from; give a larger `unit`")


def amounts_up_to(options: GamesOptions, most: float) -> tuple[int, ...]:
    """The multiples of the unit from 0 to ``most``."""
    return tuple(range(0, int(most + 1e-9) + 1, options.amounts_of))


def amount_ballot(options: GamesOptions, question: str, most: float) -> ItemSpec:
    """The question for an amount from 0 to ``most``, an ordered scale of multiples of the unit."""
    amounts = tuple(map(str, amounts_up_to(options, most)))
    return ItemSpec(type="ordinal", text=question, options=amounts, readout=options.readout)


def point_ballot(options: GamesOptions, question: str) -> ItemSpec:
    """The question for points of punishment, from 0 to the most that may be given."""
    most = options.punishment.most if options.punishment is not None else 0
    return ItemSpec(type="ordinal", text=question, options=tuple(map(str, range(most + 1))), readout=options.readout)


def move_ballot(options: GamesOptions, question: str, moves: tuple[str, ...]) -> ItemSpec:
    """The question for one of some moves."""
    return ItemSpec(type="nominal", text=question, options=moves, readout=options.readout)


_POINTS = "Points are worth money to you. "

WORDING_GAMES: Mapping[str, str] = {
    "dictator_giver": _POINTS + "You have {endowment} points and may give some of them to another person, who has none.\n",
    "dictator_ahead": _POINTS + "Another person has {endowment} points and may give you some of them; you have none.\n",
    "dictator_question": "How many points do you give?",
    "ultimatum_proposer": _POINTS
    + "You have {endowment} points to divide. You offer some to another person. If the offer is accepted, it is paid out; "
    "if it is rejected, both of you get nothing.\n",
    "ultimatum_ahead": _POINTS
    + "Another person has {endowment} points to divide and will offer you some. If you accept the offer, it is paid out; if you "
    "reject it, both of you get nothing.\n",
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
    "trust_ahead": _POINTS
    + "Another person has {endowment} points and may send you some of them. What is sent is multiplied by {multiplier}, and you "
    "decide how much of it to send back.\n",
    "trust_question": "How many points do you send?",
    "trust_trustee": _POINTS
    + "Another person had {endowment} points and sent you {amount}, which became {total}. You may send some of it back.\n",
    "trust_answer": "How many points do you send back?",
    "public_goods": _POINTS
    + "You are in a group of {size}. Everybody has {endowment} points and may put some into a project. The points in the project "
    "are multiplied by {multiplier} and shared equally among all, whoever put them in.\n",
    "public_goods_neighbours": _POINTS
    + "Together with everybody next to you, you are {size} people. Each has {endowment} points and may put some into a project. "
    "What these {size} put in is multiplied by {multiplier}, and one part in {size} of it is yours. What you put in counts for "
    "everybody next to you in the same way.\n",
    "public_goods_question": "How many points do you put into the project?",
    "may_punish": "Afterwards everybody learns what the others put in and may give them points of punishment: each costs the "
    "giver {cost} and takes {fine} from the other.\n",
    "punishment": "In this round {contributions}. Now you may give points of punishment: each costs you {cost} and takes {fine} "
    "from the other.\n",
    "contribution": "{person} put in {amount}",
    "punishment_question": "How many points of punishment do you give to {person}?",
    "matrix": _POINTS
    + "You and another person each choose {first} or {second} at the same time. If both choose {first}, each gets {both_first}. "
    "If you choose {first} and the other {second}, you get {first_second} and the other {second_first}. If both choose {second}, "
    "each gets {both_second}.\n",
    "matrix_neighbours": _POINTS
    + "You and each of your {size} neighbours play a game; your choice counts against all of them. If both choose {first}, "
    "you get {both_first} from this neighbour. If you choose {first} and the neighbour {second}, you get {first_second}. If you "
    "choose {second} and the neighbour {first}, you get {second_first}. If both choose {second}, you get {both_second}.\n",
    "may_stay_out": "Everybody may also stay out. Whenever one of two stays out, both of them get {points}.\n",
    "stay_out": "stay out",
    "matrix_question": "Which do you choose?",
    "past": "Your last rounds:\n{lines}\nYour points so far: {total}.\n",
    "line": "- you: {own}; others: {others}; you got {payoff}",
    "line_pair": "- you: {own}; the other: {others}; you got {payoff}",
    "line_punished": "- you: {own}; others: {others}; punishment took {deducted} from you; you got {payoff}",
    "did_give": "gave {amount}",
    "did_offer": "offered {amount}",
    "did_accept": "accepted",
    "did_reject": "rejected",
    "did_send": "sent {amount}",
    "did_return": "sent back {amount}",
    "did_contribute": "{amount}",
    "no_move": "had no choice",
    "said": "Before this round was said:\n{lines}\n",
    "message": '{speaker}: "{text}"',
    "person": "Person {number}",
    "you": "You",
    "talk": "Before everybody chooses, you can talk. What do you say to the others? Write one short sentence to them.",
}
"""What players are told (one text for each part of a game), what they are asked, and how past rounds are put."""
