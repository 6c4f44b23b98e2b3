"""Votes: things with scores, to which everybody who has seen them may add.

Who sees what, when: an agent sees the list of all things with their scores as they are at its turn: where people act one after
another, with the votes of all before it; where all act at once, with those of the steps before. With ``visible: false`` no
scores are shown (people decide independently), with ``order: ranked`` the list begins with the highest score, else its order
is drawn for every agent and step. Then it votes for one thing or none, or judges each (for it, against it where ``vote:
up_down``, or neither). Voting for nothing is always possible. Every world has scores of its own; the model counts.
``seed_votes`` are counted at the start, and so are those of ``seed_by_lot``: one vote for some things and one against others, who
are drawn for every replicate. In the arm ``alone`` an agent sees seed votes and its own only.

Logged: what was listed, in the order shown, with the text as shown (kind ``item``, author -1); actions ``vote``, ``up`` or
``down`` with the thing, ``nothing``; a vote that failed is an action that failed and counts for nothing. Scores at any time
follow from the actions and the seed votes.

Sources: Salganik, Dodds & Watts (2006), Science 311, 854-856 (one of many, ranked or not, worlds); Muchnik, Aral & Taylor
(2013), Science 341, 647-651 (up and down, seed votes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from socsim.activation import Turn
from socsim.cells import Cell, answer_of, board
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.items import ItemFailure
from socsim.observation import Observation, Seen
from socsim.prompts import quotable
from socsim.scenario.options_votes import VOTE, VotesOptions, vote_ballots, vote_name
from socsim.seeding import uniforms
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Votes", "first_votes"]

_BALLOT = ("one", "none", "up", "down", "nothing")
_WORTH = {"vote": 1, "up": 1, "down": -1}


class Votes(Interaction):
    """See `socsim.interactions.votes`."""

    kind = "votes"
    reach = 0

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, VotesOptions)
        self.options = setup.options
        self.board = board(setup.options.board)
        self._first = {**first_votes(self.options, setup.setting.seed)}
        for thing, votes in self.options.seed_votes.items():
            self._first[thing] = self._first.get(thing, 0) + votes
        self._ballots = vote_ballots(
            self.options,
            {name: self.words(name) for name in _BALLOT},
            {thing: self.words("each", text=quotable(text)) for thing, text in self.options.items.items()},
        )

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """The board, where anything that is shown depends on it."""
        del turn, view
        return (self.board,) if self._shows_scores else ()

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """The board, and the voter's own choices."""
        return (self.board, *(answer_of(turn.agent, name) for name in self._ballots))

    def observe(self, turn: Turn, view: View) -> Shown:
        """The list, with scores where they are visible."""
        scores = self._scores(view) if self._shows_scores else {}
        shown = [(thing, self._line(thing, scores)) for thing in self._ordered(turn, view, scores)]
        seen = tuple(Seen(-1, turn.step, line.removeprefix("- "), "item", thing) for thing, line in shown)
        template = "scored_list" if self.options.visible else "plain_list"
        scene = self.words(template, items="\n".join(line for _, line in shown))
        facts = tuple((f"score:{thing}", score) for thing, score in scores.items()) if self.options.visible else ()
        return Shown(seen, scene, potential=len(shown), facts=facts)

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Vote for one thing or none, or judge each in the order of the list."""
        cast = await (self._vote_for_one(agent) if self.options.vote == "one" else self._judge_each(agent, observation))
        if cast:
            agent.effects.write(self.board, cast)

    async def _vote_for_one(self, agent: SocialAgent) -> tuple[tuple[str, int], ...]:
        answer = await agent.event.choose(VOTE, self._ballots[VOTE])
        if isinstance(answer, ItemFailure) or answer.choice is None:
            agent.effects.fail("vote")
            return ()
        things = tuple(self.options.items)
        if answer.choice == len(things):
            agent.effects.do("nothing")
            return ()
        agent.effects.do("vote", about=things[answer.choice])
        return ((things[answer.choice], _WORTH["vote"]),)

    async def _judge_each(self, agent: SocialAgent, observation: Observation) -> tuple[tuple[str, int], ...]:
        cast = []
        kinds = ("up", "down", "nothing") if self.options.vote == "up_down" else ("up", "nothing")
        for seen in observation.seen:
            answer = await agent.event.choose(vote_name(seen.about), self._ballots[vote_name(seen.about)])
            if isinstance(answer, ItemFailure) or answer.choice is None:
                agent.effects.fail("vote")
            elif kinds[answer.choice] == "nothing":
                agent.effects.do("nothing")
            else:
                agent.effects.do(kinds[answer.choice], about=seen.about)
                cast.append((seen.about, _WORTH[kinds[answer.choice]]))
        return tuple(cast)

    @property
    def _shows_scores(self) -> bool:
        return self.options.visible or self.options.order == "ranked"

    def _scores(self, view: View) -> Mapping[str, int]:
        """Votes for each thing less those against it, seed votes included."""
        scores = {thing: self._first.get(thing, 0) for thing in self.options.items}
        for entry in view.entries(self.board):
            for thing, worth in entry.value:
                if thing in scores:
                    scores[thing] += worth
        return scores

    def _ordered(self, turn: Turn, view: View, scores: Mapping[str, int]) -> list[str]:
        """The things in the order shown; equal scores, or all where nothing is ranked, in an order of the agent's own."""
        things = list(self.options.items)
        numbers = (turn.step,) if turn.nth == 0 else (turn.step, turn.nth)
        draws = dict(zip(things, uniforms(view.seed, "list", turn.agent, *numbers, last=range(len(things))), strict=True))
        ranked = self.options.order == "ranked"
        return sorted(things, key=lambda thing: (-scores[thing] if ranked else 0, draws[thing]))

    def _line(self, thing: str, scores: Mapping[str, int]) -> str:
        text = quotable(self.options.items[thing])
        if not self.options.visible:
            return self.words("plain_item", text=text)
        return self.words("scored_item", text=text, score=str(scores[thing]))


def first_votes(options: VotesOptions, seed: int) -> Mapping[str, int]:
    """Which things have a vote for (1) or against (-1) them by lot at the start; those without any are not named.

    Args:
        options: the options; the things must have been read from their table.
        seed: of the replicate; arms of one replicate draw the same.
    """
    up, down = options.seed_by_lot.get("up", 0), options.seed_by_lot.get("down", 0)
    if not up and not down:
        return {}
    things = list(options.items)
    draws = uniforms(seed, "first votes", options.board, last=range(len(things)))
    drawn = [things[index] for index in sorted(range(len(things)), key=lambda index: draws[index])]
    return dict.fromkeys(drawn[:up], 1) | dict.fromkeys(drawn[up : up + down], -1)
