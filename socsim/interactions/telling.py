"""What players of games are told: the rules, what was said, what the others have put in, and their own past rounds.

Every word comes from the templates of `socsim.scenario.options_games`. Nothing is decided or paid here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from socsim.activation import Turn
from socsim.effects import Did
from socsim.interactions.estimates import number_in_words
from socsim.observation import Seen
from socsim.prompts import quotable
from socsim.scenario.options_games import FIRST, MATRIX_GAMES, GamesOptions

__all__ = ["Account", "Round", "Telling"]


@dataclass(frozen=True, slots=True)
class Round:
    """A settled round as a player remembers it; ``payoff`` in points, after the ``deducted`` ones (None: no punishment)."""

    game: str
    own: str
    others: str
    payoff: float
    deducted: float | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What the model keeps for a player: its points, and its last rounds."""

    total: float = 0.0
    rounds: tuple[Round, ...] = ()


class Telling:
    """See `socsim.interactions.telling`.

    Args:
        options: of the game.
        words: fills a template, given its name and the values of its slots.
    """

    def __init__(self, options: GamesOptions, words: Callable[..., str]) -> None:
        self.options = options
        self.words = words

    def rules(self, turn: Turn, known: int, amount: float | None) -> str:
        """The rules as they are for a turn.

        Args:
            turn: the turn.
            known: number of others whom the player plays with.
            amount: what a second mover answers to.
        """
        options = self.options
        if options.game in MATRIX_GAMES:
            return self._matrix(turn, known)
        values = {"endowment": str(options.endowment), "multiplier": number_in_words(options.factor)}
        if options.game == "public_goods":
            if len(turn.members) > 1:
                return self.words("public_goods", size=str(len(turn.members)), **values) + self._punishing("may_punish")
            return self.words("public_goods_neighbours", size=str(known + 1), **values)
        part = turn.part.name
        if part == "talk":
            part = FIRST[options.game] if turn.agent == turn.members[0] else "ahead"
        sent = amount or 0.0
        values |= {"amount": number_in_words(sent), "total": number_in_words(options.factor * sent)}
        return self.words(f"{options.game}_{part}", **values)

    def _matrix(self, turn: Turn, known: int) -> str:
        both_first, first_second, second_first, both_second = map(number_in_words, self.options.payoffs)
        first, second = self.options.moves
        rules = self.words(
            "matrix" if len(turn.members) == 2 else "matrix_neighbours",
            size=str(known), first=first, second=second, both_first=both_first, first_second=first_second,
            second_first=second_first, both_second=both_second,
        )  # fmt: skip
        out = self.options.stay_out
        return rules if out is None else rules + self.words("may_stay_out", points=number_in_words(out))

    def contributions(self, turn: Turn, puts: Mapping[int, Did | None]) -> str:
        """What the others have put in, and what it costs to deduct points of them."""
        words = [
            self.words("contribution", person=self.name(member, turn.agent), amount=number_in_words(did.amount or 0.0))
            for member, did in puts.items()
            if did is not None
        ]
        return self._punishing("punishment", contributions=", ".join(words))

    def _punishing(self, name: str, **values: str) -> str:
        punishment = self.options.punishment
        if punishment is None:
            return ""
        return self.words(name, cost=number_in_words(punishment.cost), fine=number_in_words(punishment.fine), **values)

    def past(self, account: Account, *, pair: bool) -> str:
        """The player's last rounds of this game; nothing where there are none."""
        lines = [self._line(one, pair=pair) for one in account.rounds if one.game == self.options.game]
        return self.words("past", lines="\n".join(lines), total=number_in_words(account.total)) if lines else ""

    def _line(self, one: Round, *, pair: bool) -> str:
        values = {"own": quotable(one.own), "others": quotable(one.others), "payoff": number_in_words(one.payoff)}
        if one.deducted is not None:
            return self.words("line_punished", deducted=number_in_words(one.deducted), **values)
        return self.words("line_pair" if pair else "line", **values)

    def talk(self, turn: Turn, seen: Sequence[Seen]) -> str:
        """What was said; nothing where nobody has spoken."""
        if not seen:
            return ""
        lines = (self.words("message", speaker=self.name(one.author, turn.agent), text=quotable(one.text)) for one in seen)
        return self.words("said", lines="\n".join(lines))

    def name(self, player: int, reader: int) -> str:
        """How a player is called."""
        return self.words("you") if player == reader else self.words("person", number=str(player + 1))

    def did(self, did: Did | None) -> str:
        """A move in words, as a past round has it."""
        if did is None:
            return self.words("no_move")
        if did.kind == "nothing":
            return self.words("stay_out")
        if did.kind == "move":
            return did.about
        amount = {} if did.amount is None else {"amount": number_in_words(did.amount)}
        return self.words(f"did_{did.kind}", **amount)
