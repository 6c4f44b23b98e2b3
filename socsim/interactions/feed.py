"""Feed: posts, shares, answers, likes, and whom to follow, over a ranked timeline.

Who sees what, when: at its turn an agent sees a timeline of posts of others that were written by then, ranked as declared;
with ``of: neighbours`` posts of those it follows (reads) only, with ``of: all`` of everybody, with a ``mix`` so many of
each. Posts that it has been shown before are left out unless ``again``. Beside each post stand its likes and shares by
then. With ``news`` a headline drawn for this turn is shown, too. The agent then chooses what to do, one thing after another
up to ``most_actions``; doing nothing is always possible and ends the turn. It first chooses the kind of action, then the
post. What it writes is its public message. A failed choice does nothing and ends the turn; a failed text leaves no post.

As everybody may read everything, a turn waits for all turns of earlier waves. Following and unfollowing change whom the
agent reads from its next turn on; who blocks somebody is no longer read by it, nor reads it. In the arm ``alone`` timelines
are empty.

Logged: actions with the post's id and its author; exposures (posts that might have been shown, that were shown, and that
were reacted to); what was shown, of kind ``post``; tie changes.

Source: Larooij & Törnberg (2025), "Can We Fix Social Media? Testing Prosocial Interventions using Generative Social
Simulation", arXiv:2508.03385: timelines of five posts of followed people and five of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, cast

from socsim.activation import Turn
from socsim.cells import TIES, Cell, answer_of, board
from socsim.effects import TieChange
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.interactions.timelines import Post, Reaction, Reader, ranked, tally
from socsim.items import Response
from socsim.observation import Observation, Seen
from socsim.prompts import one_line, quotable
from socsim.scenario.base import Spec
from socsim.scenario.options_feed import CHANGING, FeedOptions, action_ballot
from socsim.seeding import uniform
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["POSTS", "REACTIONS", "Feed"]

POSTS = board("posts")
REACTIONS = board("reactions")
ACTION, TARGET = "action", "target"
"""Under which the choices of what to do, and with which post, are recorded among the answers."""


class Feed(Interaction):
    """See `socsim.interactions.feed`."""

    kind = "feed"
    reach = None

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, FeedOptions)
        self.options = setup.options

    @classmethod
    def changes_ties(cls, options: Spec | None) -> bool:
        """Where people may follow, unfollow or block."""
        return isinstance(options, FeedOptions) and bool(CHANGING & set(options.actions))

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """All posts, all reactions, and what the agent has been shown."""
        del view
        return (POSTS, REACTIONS, self._shown(turn.agent))

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """Posts, reactions, what it was shown, its choices and, where people may follow, ties."""
        cells = [POSTS, REACTIONS, self._shown(turn.agent), answer_of(turn.agent, ACTION), answer_of(turn.agent, TARGET)]
        return [*cells, TIES] if CHANGING & set(self.options.actions) else cells

    def observe(self, turn: Turn, view: View) -> Shown:
        """The timeline."""
        reactions: list[Reaction] = [entry.value for entry in view.entries(REACTIONS)]
        candidates = self._candidates(turn, view)
        posts = self._timeline(candidates, reactions, turn, view)
        headline = self._headline(turn, view)
        lines = "\n".join(self._line(number, post, reactions) for number, post in enumerate(posts, start=1))
        scene = self.words("news", headline=one_line(headline)) if headline else ""
        scene += self.words("timeline", posts=lines) if posts else self.words("empty")
        seen = [Seen(-1, turn.step, headline, "news")] if headline else []
        seen += [Seen(post.author, post.step, post.text, "post", post.id) for post in posts]
        follows = frozenset(view.tied_to())
        facts = tuple((f"follows {post.author}", 1) for post in posts if post.author in follows)
        return Shown(tuple(seen), scene, potential=len(candidates), facts=tuple(dict.fromkeys(facts)))

    def _candidates(self, turn: Turn, view: View) -> list[Post]:
        """Posts of others that may be shown, in the order in which they were written."""
        entries = () if self.options.again else view.entries(self._shown(turn.agent))
        shown = frozenset(post for entry in entries for post in entry.value)
        posts: list[Post] = [entry.value for entry in view.entries(POSTS)]
        found = [post for post in posts if post.author != turn.agent and post.id not in shown]
        if self.spec.of == "neighbours" and self.options.mix is None:
            follows = frozenset(view.tied_to())
            found = [post for post in found if post.author in follows]
        return found

    def _timeline(self, posts: Sequence[Post], reactions: Sequence[Reaction], turn: Turn, view: View) -> list[Post]:
        options = self.options
        reader = Reader(view.seed, turn.agent, turn.step, self.setup.setting.fact)
        if options.mix is None:
            return ranked(posts, reactions, options, reader, options.ranking)[: options.size]
        follows = frozenset(view.tied_to())
        own = [post for post in posts if post.author in follows]
        others = [post for post in posts if post.author not in follows]
        how = options.ranking if options.rank_followed == "as_others" else options.rank_followed
        first = ranked(own, reactions, options, reader, how)[: options.mix.followed]
        return first + ranked(others, reactions, options, reader, options.ranking)[: options.mix.others]

    def _headline(self, turn: Turn, view: View) -> str:
        if self.options.news is None:
            return ""
        rows = self.setup.setting.rows(self.options.news)
        return rows[int(uniform(view.seed, "headline", turn.agent, turn.step, turn.nth) * len(rows))]["text"]

    def _line(self, number: int, post: Post, reactions: Sequence[Reaction]) -> str:
        values = {
            "number": str(number),
            "author": self._name(post.author),
            "text": quotable(post.text),
            "likes": str(len(tally(reactions, "like").get(post.id, ()))),
            "reposts": str(len(tally(reactions, "repost").get(post.id, ()))),
        }
        return self.words(post.kind, original=self._name(post.original), **values)

    def _name(self, agent: int | None) -> str:
        return "" if agent is None else self.words("person", number=str(agent + 1))

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Answer the phase's items, then do things until nothing is done."""
        for item in observation.asks:
            await agent.ask(item)
        posts = [one for one in observation.seen if one.kind == "post"]
        if posts:
            agent.effects.write(self._shown(agent.number), tuple(one.about for one in posts))
        follows = {int(name.removeprefix("follows ")) for name, _ in observation.facts}
        for number in range(self.options.most_actions):
            kind = await self._kind(agent, posts, follows)
            if kind is None or not await self._do(kind, agent, posts, follows, number):
                return

    async def _kind(self, agent: SocialAgent, posts: Sequence[Seen], follows: set[int]) -> str | None:
        """What kind of thing to do; None for nothing."""
        kinds = [kind for kind in self.options.actions if _possible(kind, posts, follows)]
        if not kinds:
            agent.effects.do("nothing")
            return None
        choices = tuple(self.words(f"do_{kind}") for kind in (*kinds, "nothing"))
        answer = await agent.event.choose(ACTION, action_ballot(self.options, self.words("question"), choices))
        if not isinstance(answer, Response) or answer.choice is None:
            agent.effects.fail("choose")
            return None
        if answer.choice == len(kinds):
            agent.effects.do("nothing")
            return None
        return kinds[answer.choice]

    async def _do(self, kind: str, agent: SocialAgent, posts: Sequence[Seen], follows: set[int], number: int) -> bool:
        """Do it; False where it came to nothing."""
        if kind == "post":
            return await self._write(agent, None, "post", number)
        chosen = await self._which(kind, agent, _eligible(kind, posts, follows))
        if chosen is None:
            agent.effects.fail(kind)
            return False
        if kind == "comment":
            return await self._write(agent, chosen, "comment", number)
        if kind == "repost":
            shared = Post(self._id(agent, number), agent.number, _step(agent), chosen.text, "repost", chosen.about, chosen.author)
            agent.effects.write(POSTS, shared)
        if kind in ("like", "repost"):
            reaction = Reaction(cast(Literal["like", "repost"], kind), chosen.about, agent.number)
            agent.effects.write(REACTIONS, reaction)
        agent.effects.do(kind, target=chosen.author, about=chosen.about)
        self._tie(kind, agent, chosen.author, follows)
        return True

    def _tie(self, kind: str, agent: SocialAgent, author: int, follows: set[int]) -> None:
        changes = agent.effects.ties
        if kind == "follow":
            changes.append(TieChange("follow", agent.number, author))
            follows.add(author)
        elif kind in ("unfollow", "block"):
            if author in follows:
                changes.append(TieChange("unfollow", agent.number, author))
            follows.discard(author)
        if kind == "block":
            changes.append(TieChange("block", author, agent.number))

    async def _which(self, kind: str, agent: SocialAgent, posts: Sequence[Seen]) -> Seen | None:
        if len(posts) == 1:
            return posts[0]
        everything = [one for one in agent.event.observation.seen if one.kind == "post"]
        numbers = [everything.index(one) + 1 for one in posts]
        question = self.words("which_follow" if kind in CHANGING else "which", action=kind)
        choices = tuple(self.words("the_post", number=str(number)) for number in numbers)
        answer = await agent.event.choose(TARGET, action_ballot(self.options, question, choices))
        return posts[answer.choice] if isinstance(answer, Response) and answer.choice is not None else None

    async def _write(self, agent: SocialAgent, about: Seen | None, kind: Literal["post", "comment"], number: int) -> bool:
        request = self.words("write_post") if about is None else self.words("write_comment", text=quotable(about.text))
        text = await agent.say(request)
        if text is None:
            agent.effects.fail(kind)
            return False
        parent = ("", None) if about is None else (about.about, about.author)
        agent.effects.write(POSTS, Post(self._id(agent, number), agent.number, _step(agent), text, kind, *parent))
        agent.effects.do(kind, target=parent[1], about=parent[0])
        return True

    @staticmethod
    def _id(agent: SocialAgent, number: int) -> str:
        seen = agent.event.observation
        return f"{seen.step}.{seen.turn}.{agent.number}.{number}"

    @staticmethod
    def _shown(agent: int) -> Cell:
        return ("shown", agent)


def _step(agent: SocialAgent) -> int:
    return agent.event.observation.step


def _eligible(kind: str, posts: Sequence[Seen], follows: set[int]) -> list[Seen]:
    """Posts with which this can be done: one follows whom one does not follow yet, and unfollows whom one does."""
    if kind == "follow":
        return [one for one in posts if one.author not in follows]
    if kind == "unfollow":
        return [one for one in posts if one.author in follows]
    return list(posts)


def _possible(kind: str, posts: Sequence[Seen], follows: set[int]) -> bool:
    return kind == "post" or bool(_eligible(kind, posts, follows))
