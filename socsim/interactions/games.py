"""Games: people choose, the model pays.

Who sees what, when: activation draws who plays: pairs (``dyad``, ``dyads``), groups, or, where everybody acts alone, everybody
against each of the neighbours with one move. A round goes through waves: with ``talk`` everybody writes a message, seen by
all others of the meeting afterwards; then moves are made, all at once or, where the game has a second mover, after the first
mover's move has become known; with ``punishment`` contributions become known and everybody may deduct points of each other
one. Then the model settles the round: payoffs are computed from the moves by `socsim.interactions.payoffs`, never by a
language model. A player is told the rules, its own last ``history`` rounds and its total.

The first of a pair is giver, proposer or trustor. A move that failed makes the round void for all who meet: nothing is paid and
nothing is remembered, and the action ``void`` says so.

Logged: actions with amount and target; numbers ``payoff`` and ``total`` of each player and round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, account_of, actions_of, answer_of, message_of
from socsim.effects import Did, Effects
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.interactions.estimates import number_in_words
from socsim.interactions.payoffs import dictator, matrix_game, public_goods, punished, trust, ultimatum
from socsim.items import Response
from socsim.observation import Observation, Seen
from socsim.prompts import quotable
from socsim.scenario.options_games import MATRIX_GAMES, GamesOptions, amount_ballot, move_ballot
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Account", "Games", "Round"]

MOVE, PUNISHMENT = "move", "punishment"
"""Under which choices are recorded among the answers."""

_FIRST: Mapping[str, str] = {"dictator": "giver", "ultimatum": "proposer", "trust": "trustor"}
_SECOND: Mapping[str, str] = {"ultimatum": "responder", "trust": "trustee"}


@dataclass(frozen=True, slots=True)
class Round:
    """A settled round as a player remembers it."""

    own: str
    others: str
    payoff: float


@dataclass(frozen=True, slots=True)
class Account:
    """What the model keeps for a player: its points, and its last rounds."""

    total: float = 0.0
    rounds: tuple[Round, ...] = ()


class Games(Interaction):
    """See `socsim.interactions.games`."""

    kind = "games"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, GamesOptions)
        self.options = setup.options
        self.game = setup.options.game

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """All rounds: talk, moves, punishment, and the settling of each player."""
        parts: list[Part] = []
        wave = 0
        for number in range(self.options.rounds):
            for name, agents, silent in self._acts(meeting.members):
                parts += [Part(agent, wave, name, number, silent) for agent in agents]
                wave += 1
        return parts

    def _acts(self, members: tuple[int, ...]) -> list[tuple[str, tuple[int, ...], bool]]:
        """The waves of one round: what for, who, and whether the model does it."""
        acts = [("talk", members, False)] if self.options.talk and self.planned.phase.say is not None else []
        if self.game in _FIRST:
            acts.append((_FIRST[self.game], members[:1], False))
            if self.game in _SECOND:
                acts.append((_SECOND[self.game], members[1:], False))
        else:
            acts.append(("player", members, False))
        if self.options.punishment is not None:
            acts.append(("punisher", members, False))
        return [*acts, ("payoff", members, True)]

    def players(self, turn: Turn, view: View) -> tuple[int, ...]:
        """All whose moves matter to a turn: those who meet, or the agent and its neighbours."""
        if len(turn.members) > 1:
            return turn.members
        return (turn.agent, *(other for other in view.tied_to() if other != turn.agent))

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """The player's account, and what the others have said and done."""
        players = self.players(turn, view)
        cells = [account_of(turn.agent), *map(actions_of, players)]
        return [*cells, *map(message_of, players)] if self.options.talk else cells

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """The account where a round is settled, else the move."""
        if turn.part.silent:
            return (account_of(turn.agent), actions_of(turn.agent))
        return (answer_of(turn.agent, MOVE), answer_of(turn.agent, PUNISHMENT))

    def observe(self, turn: Turn, view: View) -> Shown:
        """The rules, past rounds, what was said, and what the others have done already."""
        seen = self._said(turn, view) if self.options.talk and turn.part.name != "talk" else ()
        scene = self._rules(turn, view) + self._past(view) + self._talk(turn, seen)
        facts: list[tuple[str, str | int | float]] = [
            (f"player {place}", player) for place, player in enumerate(self.players(turn, view))
        ]
        before = self._before(turn, view)
        facts += [] if before is None else [("amount", before)]
        return Shown(seen, scene, asks=(), says=turn.part.name == "talk", topic="", facts=tuple(facts))

    def takes(self, turn: Turn, view: View) -> bool:
        """A second mover answers a first move; without one there is nothing to do."""
        if turn.part.name in _SECOND.values():
            return self._before(turn, view) is not None
        if turn.part.name == "punisher":
            return all(self._did("contribute", member, turn, view, back=1) is not None for member in turn.members)
        return len(self.players(turn, view)) > 1

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Speak, or move."""
        part, facts = observation.part, dict(observation.facts)
        if part == "talk":
            await agent.say(self.words("talk"))
        elif part == "punisher":
            await self._punish(agent, observation)
        elif part == "responder":
            await self._respond(agent, observation)
        elif part == "player" and self.game in MATRIX_GAMES:
            await self._move(agent)
        elif part == "trustee":
            question = self.words("trust_answer")
            await self._give(agent, observation, "return", question, self.options.factor * float(facts["amount"]))
        else:
            kinds = {"giver": "give", "proposer": "offer", "trustor": "send", "player": "contribute"}
            question = self.words(f"{self.game}_question")
            await self._give(agent, observation, kinds[part], question, self.options.endowment)

    async def _give(self, agent: SocialAgent, seen: Observation, kind: str, question: str, most: float) -> None:
        answer = await agent.event.choose(MOVE, amount_ballot(self.options, question, most))
        if not isinstance(answer, Response) or answer.value is None:
            agent.effects.fail(kind)
            return
        others = [member for member in seen.members if member != agent.number]
        agent.effects.do(kind, target=others[0] if len(others) == 1 else None, amount=float(answer.option))

    async def _respond(self, agent: SocialAgent, seen: Observation) -> None:
        words = (self.words("accept"), self.words("reject"))
        answer = await agent.event.choose(MOVE, move_ballot(self.options, self.words("ultimatum_answer"), words))
        if not isinstance(answer, Response) or answer.choice is None:
            agent.effects.fail("respond")
            return
        agent.effects.do(("accept", "reject")[answer.choice], target=seen.members[0])

    async def _move(self, agent: SocialAgent) -> None:
        question = self.words("matrix_question")
        answer = await agent.event.choose(MOVE, move_ballot(self.options, question, self.options.moves))
        if not isinstance(answer, Response) or answer.choice is None:
            agent.effects.fail("move")
            return
        agent.effects.do("move", about=self.options.moves[answer.choice], amount=float(answer.choice))

    async def _punish(self, agent: SocialAgent, seen: Observation) -> None:
        assert self.options.punishment is not None
        for other in seen.members:
            if other == agent.number:
                continue
            question = self.words("punishment_question", person=self._name(other, agent.number))
            unit = self.options.model_copy(update={"unit": 1})
            answer = await agent.event.choose(PUNISHMENT, amount_ballot(unit, question, self.options.punishment.most))
            if not isinstance(answer, Response) or answer.value is None:
                agent.effects.fail("punish")
            else:
                agent.effects.do("punish", target=other, amount=float(answer.option))

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """Payoff, total and memory of one player, where every move of the round was made."""
        found = self._settled(turn, view)
        if found is None:
            effects.do("void")
            return
        account = self._account(view)
        total = account.total + found.payoff
        kept = (*account.rounds, found)[-self.options.history :] if self.options.history else ()
        effects.write(account_of(turn.agent), Account(total, kept))
        effects.keep(turn.agent, "payoff", found.payoff)
        effects.keep(turn.agent, "total", total)

    def _settled(self, turn: Turn, view: View) -> Round | None:
        if self.game in MATRIX_GAMES:
            return self._matrix(turn, view)
        return self._group(turn, view) if self.game == "public_goods" else self._pair(turn, view)

    def _matrix(self, turn: Turn, view: View) -> Round | None:
        players = self.players(turn, view)
        moves = {player: self._did("move", player, turn, view, back=1) for player in players}
        own = moves.pop(turn.agent)
        others = [move for move in moves.values() if move is not None]
        if own is None or len(others) < len(moves) or not others:
            return None
        payoff = sum(matrix_game(int(own.amount or 0), int(other.amount or 0), self.options.payoffs) for other in others)
        return Round(own.about, ", ".join(other.about for other in others), payoff)

    def _pair(self, turn: Turn, view: View) -> Round | None:
        first, second = turn.members
        kinds = {"dictator": "give", "ultimatum": "offer", "trust": "send"}
        given = self._did(kinds[self.game], first, turn, view, back=2 if self.game in _SECOND else 1)
        if given is None or given.amount is None:
            return None
        answer: Did | None = None
        if self.game == "dictator":
            payoffs = dictator(self.options.endowment, given.amount)
        else:
            words = ("return",) if self.game == "trust" else ("accept", "reject")
            answer = next((did for did in (self._did(word, second, turn, view, back=1) for word in words) if did), None)
            if answer is None:
                return None
            payoffs = (
                trust(self.options.endowment, given.amount, answer.amount or 0.0, self.options.factor)
                if self.game == "trust"
                else ultimatum(self.options.endowment, given.amount, accepted=answer.kind == "accept")
            )
        moves = [_in_words(given), _in_words(answer) if answer is not None else "-"]
        place = turn.members.index(turn.agent)
        return Round(moves[place], moves[1 - place], payoffs[place])

    def _group(self, turn: Turn, view: View) -> Round | None:
        punishment = self.options.punishment
        back = 2 if punishment is not None else 1
        puts = [self._did("contribute", member, turn, view, back=back) for member in turn.members]
        amounts = [put.amount for put in puts if put is not None and put.amount is not None]
        if len(amounts) < len(turn.members):
            return None
        place = turn.members.index(turn.agent)
        payoff = public_goods(self.options.endowment, amounts, self.options.factor)[place]
        if punishment is not None:
            points = {member: self._points(member, turn, view) for member in turn.members}
            if any(one is None for one in points.values()):
                return None
            given = sum((points[turn.agent] or {}).values())
            received = sum((one or {}).get(turn.agent, 0.0) for one in points.values())
            payoff = punished(payoff, given, received, cost=punishment.cost, fine=punishment.fine)
        others = ", ".join(number_in_words(amount) for at, amount in enumerate(amounts) if at != place)
        return Round(number_in_words(amounts[place]), others, payoff)

    def _points(self, member: int, turn: Turn, view: View) -> dict[int, float] | None:
        """Points of punishment that a member gave, by receiver; None where one of its choices failed."""
        entry = view.newest(actions_of(member))
        if entry is None or entry.at != (turn.step, turn.wave - 1) or any(did.status == "failed" for did in entry.value):
            return None
        return {did.target: did.amount for did in entry.value if did.kind == "punish"}

    def _did(self, kind: str, agent: int, turn: Turn, view: View, *, back: int) -> Did | None:
        """What somebody did so many waves ago, if it was of this kind and did not fail."""
        at = (turn.step, turn.wave - back)
        for entry in view.entries(actions_of(agent), at):
            if entry.at == at:
                return next((did for did in entry.value if did.kind == kind and did.status == "done"), None)
        return None

    def _before(self, turn: Turn, view: View) -> float | None:
        """The amount that a second mover answers to."""
        kinds = {"responder": "offer", "trustee": "send"}
        if turn.part.name not in kinds:
            return None
        did = self._did(kinds[turn.part.name], turn.members[0], turn, view, back=1)
        return did.amount if did is not None else None

    def _rules(self, turn: Turn, view: View) -> str:
        options, part = self.options, turn.part.name
        values = {"endowment": str(options.endowment), "multiplier": number_in_words(options.factor)}
        if self.game in MATRIX_GAMES:
            return self._matrix_rules(turn, view)
        if self.game == "public_goods":
            rules = self.words("public_goods", size=str(len(turn.members)), **values)
            return rules + (self._contributions(turn, view) if part == "punisher" else "")
        amount = self._before(turn, view) or 0.0
        values |= {"amount": number_in_words(amount), "total": number_in_words(options.factor * amount)}
        name = part if part != "talk" else _FIRST[self.game] if turn.agent == turn.members[0] else ""
        return self.words(f"{self.game}_{name}", **values) if name else ""

    def _matrix_rules(self, turn: Turn, view: View) -> str:
        both_first, first_second, second_first, both_second = map(number_in_words, self.options.payoffs)
        first, second = self.options.moves
        return self.words(
            "matrix" if len(turn.members) == 2 else "matrix_neighbours",
            size=str(len(self.players(turn, view)) - 1),
            first=first, second=second, both_first=both_first, first_second=first_second, second_first=second_first,
            both_second=both_second,
        )  # fmt: skip

    def _contributions(self, turn: Turn, view: View) -> str:
        assert self.options.punishment is not None
        words = []
        for member in turn.others:
            did = self._did("contribute", member, turn, view, back=1)
            words.append(f"{self._name(member, turn.agent)} {number_in_words(did.amount or 0.0) if did else '?'}")
        cost, fine = number_in_words(self.options.punishment.cost), number_in_words(self.options.punishment.fine)
        return self.words("punishment", contributions=", ".join(words), cost=cost, fine=fine)

    def _past(self, view: View) -> str:
        account = self._account(view)
        if not account.rounds:
            return ""
        lines = [
            self.words("line", own=quotable(one.own), others=quotable(one.others), payoff=number_in_words(one.payoff))
            for one in account.rounds
        ]
        return self.words("past", lines="\n".join(lines), total=number_in_words(account.total))

    def _account(self, view: View) -> Account:
        entry = view.newest(account_of(view.agent))
        found: Account = entry.value if entry is not None else Account()
        return found

    def _said(self, turn: Turn, view: View) -> tuple[Seen, ...]:
        """What all players have written in this step, this round's words."""
        found = (view.message(player, turn.step) for player in self.players(turn, view))
        return tuple(one for one in found if one is not None)

    def _talk(self, turn: Turn, seen: Sequence[Seen]) -> str:
        if not seen:
            return ""
        lines = (self.words("message", speaker=self._name(one.author, turn.agent), text=quotable(one.text)) for one in seen)
        return self.words("said", lines="\n".join(lines))

    def _name(self, player: int, reader: int) -> str:
        return self.words("you") if player == reader else self.words("person", number=str(player + 1))


def _in_words(did: Did) -> str:
    return did.kind if did.amount is None else f"{did.kind} {number_in_words(did.amount)}"
