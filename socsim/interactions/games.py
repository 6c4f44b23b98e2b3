"""Games: people choose, the model pays.

Who sees what, when: activation draws who plays: pairs (``dyad``, ``dyads``), groups, or, where everybody acts alone, everybody
with those it reads, by one move: against each of them (prisoner's dilemma, stag hunt), or into a project that each shares with
its neighbours (public goods). A round goes through waves: with ``talk`` everybody writes a message, seen by
all others of the meeting afterwards, in this round only; then moves are made, all at once or, where the game has a second
mover, after the first mover's move has become known; with ``punishment`` contributions become known and everybody may deduct
points of each other one. Then the model settles the round: payoffs are computed from the moves by
`socsim.interactions.payoffs`, never by a language model. A player is told the rules, its own last ``history`` rounds of this
game (its move, the others', what was deducted from it, its payoff) and its total of all games.

The first of a pair is giver, proposer or trustor. A trustee to whom too little was sent to return any of it is not asked. With
``stay_out`` nobody has to play the prisoner's dilemma or the stag hunt: where one of two stays out, both get that many points.
A move that failed makes the round void for all who meet: nothing is paid and nothing is remembered, and the action ``void``
says so. Among neighbours it makes the round void for whoever plays against the one who failed, and for nobody else.

Logged: actions ``give``, ``offer``, ``accept``, ``reject``, ``send``, ``return``, ``contribute``, ``punish`` and ``move`` (with
its name), ``nothing`` for staying out, ``void``; numbers ``payoff`` and ``total`` of each player and round, and in the
prisoner's dilemma and the stag hunt ``cooperated``, 1 for the first move and else 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, account_of, actions_of, answer_of, message_of
from socsim.effects import Did, Effects
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.interactions.payoffs import dictator, public_goods, punished, trust, ultimatum, voluntary
from socsim.interactions.telling import Account, Round, Telling
from socsim.items import Response
from socsim.observation import Observation, Seen
from socsim.scenario.options_games import (
    FIRST,
    MATRIX_GAMES,
    MOVE,
    PUNISHMENT,
    SECOND,
    GamesOptions,
    amount_ballot,
    amounts_up_to,
    move_ballot,
    point_ballot,
)
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Games"]


class Games(Interaction):
    """See `socsim.interactions.games`."""

    kind = "games"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, GamesOptions)
        self.options = setup.options
        self.game = setup.options.game
        self.telling = Telling(setup.options, self.words)

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
        if self.game in FIRST:
            acts.append((FIRST[self.game], members[:1], False))
            if self.game in SECOND:
                acts.append((SECOND[self.game], members[1:], False))
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
        told, part = self.telling, turn.part.name
        seen = self._said(turn, view) if self.options.talk and part != "talk" else ()
        players, before = self.players(turn, view), self._before(turn, view)
        scene = told.rules(turn, len(players) - 1, before)
        if part == "punisher":
            scene += told.contributions(turn, {one: self._did("contribute", one, turn, view, back=1) for one in turn.others})
        scene += told.past(self._account(view), pair=len(turn.members) == 2) + told.talk(turn, seen)
        facts: list[tuple[str, str | int | float]] = [(f"player {place}", player) for place, player in enumerate(players)]
        facts += [] if before is None else [("amount", before)]
        return Shown(seen, scene, asks=(), says=part == "talk", topic="", facts=tuple(facts))

    def takes(self, turn: Turn, view: View) -> bool:
        """A second mover answers a first move; without one, or with nothing to return, there is nothing to do."""
        if turn.part.name in SECOND.values():
            before = self._before(turn, view)
            return before is not None and (self.game != "trust" or self._may_return(before))
        if turn.part.name == "punisher":
            return all(self._did("contribute", member, turn, view, back=1) is not None for member in turn.members)
        return len(self.players(turn, view)) > 1

    def _may_return(self, sent: float) -> bool:
        return len(amounts_up_to(self.options, self.options.factor * sent)) > 1

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
        words = self.options.moves if self.options.stay_out is None else (*self.options.moves, self.words("stay_out"))
        answer = await agent.event.choose(MOVE, move_ballot(self.options, self.words("matrix_question"), words))
        if not isinstance(answer, Response) or answer.choice is None:
            agent.effects.fail("move")
        elif answer.choice == len(self.options.moves):
            agent.effects.do("nothing")
        else:
            agent.effects.do("move", about=self.options.moves[answer.choice])

    async def _punish(self, agent: SocialAgent, seen: Observation) -> None:
        for other in seen.members:
            if other == agent.number:
                continue
            question = self.words("punishment_question", person=self.telling.name(other, agent.number))
            answer = await agent.event.choose(PUNISHMENT, point_ballot(self.options, question))
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
        if self.game in MATRIX_GAMES:
            effects.keep(turn.agent, "cooperated", float(found.own == self.options.moves[0]))

    def _settled(self, turn: Turn, view: View) -> Round | None:
        if self.game in MATRIX_GAMES:
            return self._matrix(turn, view)
        return self._group(turn, view) if self.game == "public_goods" else self._pair(turn, view)

    def _matrix(self, turn: Turn, view: View) -> Round | None:
        players = (turn.agent, *(other for other in self.players(turn, view) if other != turn.agent))
        found = [self._did(("move", "nothing"), player, turn, view, back=1) for player in players]
        dids = [did for did in found if did is not None]
        if len(dids) < len(found) or len(dids) < 2:
            return None
        moves = [self.options.moves.index(did.about) if did.kind == "move" else None for did in dids]
        payoff = sum(voluntary(moves[0], other, self.options.payoffs, self.options.stay_out or 0.0) for other in moves[1:])
        own, *others = map(self.telling.did, dids)
        return Round(self.game, own, ", ".join(others), payoff)

    def _pair(self, turn: Turn, view: View) -> Round | None:
        first, second = turn.members
        kinds = {"dictator": "give", "ultimatum": "offer", "trust": "send"}
        given = self._did(kinds[self.game], first, turn, view, back=2 if self.game in SECOND else 1)
        if given is None or given.amount is None:
            return None
        answer = self._did(("return", "accept", "reject"), second, turn, view, back=1) if self.game in SECOND else None
        if answer is None and (self.game == "ultimatum" or (self.game == "trust" and self._may_return(given.amount))):
            return None
        moves = [self.telling.did(given), self.telling.did(answer)]
        place = turn.members.index(turn.agent)
        return Round(self.game, moves[place], moves[1 - place], self._paid(given.amount, answer)[place])

    def _paid(self, given: float, answer: Did | None) -> tuple[float, float]:
        """Payoffs of a pair."""
        if self.game == "dictator":
            return dictator(self.options.endowment, given)
        if self.game == "trust":
            returned = 0.0 if answer is None or answer.amount is None else answer.amount
            return trust(self.options.endowment, given, returned, self.options.factor)
        return ultimatum(self.options.endowment, given, accepted=answer is not None and answer.kind == "accept")

    def _group(self, turn: Turn, view: View) -> Round | None:
        punishment = self.options.punishment
        back = 2 if punishment is not None else 1
        players = self.players(turn, view)
        puts = [self._did("contribute", member, turn, view, back=back) for member in players]
        amounts = [put.amount for put in puts if put is not None and put.amount is not None]
        if len(amounts) < len(players) or len(players) < 2:
            return None
        place = players.index(turn.agent)
        payoff = public_goods(self.options.endowment, amounts, self.options.factor)[place]
        deducted = None
        if punishment is not None:
            points = {member: self._points(member, turn, view) for member in turn.members}
            if any(one is None for one in points.values()):
                return None
            given = sum((points[turn.agent] or {}).values())
            received = sum((one or {}).get(turn.agent, 0.0) for one in points.values())
            payoff = punished(payoff, given, received, cost=punishment.cost, fine=punishment.fine)
            deducted = punishment.fine * received
        words = [self.telling.did(put) for put in puts]
        return Round(self.game, words.pop(place), ", ".join(words), payoff, deducted)

    def _points(self, member: int, turn: Turn, view: View) -> dict[int, float] | None:
        """Points of punishment that a member gave, by receiver; None where one of its choices failed."""
        entry = view.newest(actions_of(member))
        if entry is None or entry.at != (turn.step, turn.wave - 1) or any(did.status == "failed" for did in entry.value):
            return None
        return {did.target: did.amount for did in entry.value if did.kind == "punish"}

    def _did(self, kind: str | tuple[str, ...], agent: int, turn: Turn, view: View, *, back: int) -> Did | None:
        """What somebody did so many waves ago, if it was of this kind (of one of these) and did not fail."""
        at, kinds = (turn.step, turn.wave - back), (kind,) if isinstance(kind, str) else kind
        for entry in view.entries(actions_of(agent), at):
            if entry.at == at:
                return next((did for did in entry.value if did.kind in kinds and did.status == "done"), None)
        return None

    def _before(self, turn: Turn, view: View) -> float | None:
        """The amount that a second mover answers to."""
        kinds = {"responder": "offer", "trustee": "send"}
        if turn.part.name not in kinds:
            return None
        did = self._did(kinds[turn.part.name], turn.members[0], turn, view, back=1)
        return did.amount if did is not None else None

    def _account(self, view: View) -> Account:
        entry = view.newest(account_of(view.agent))
        found: Account = entry.value if entry is not None else Account()
        return found

    def _said(self, turn: Turn, view: View) -> tuple[Seen, ...]:
        """What the players have written in this round."""
        began = (turn.step, turn.part.round * len(self._acts(turn.members)))
        found = ((player, view.newest(message_of(player))) for player in self.players(turn, view))
        return tuple(Seen(player, turn.step, entry.value) for player, entry in found if entry is not None and entry.at >= began)
