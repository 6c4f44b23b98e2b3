"""Tables of people, read from public data in the form that the designs need.

Every function takes the folder that holds the file it names, and gives a table that passes the check of its design. What a file
does not say is not made up in silence: each function states what it had to fill in. The unit of inference is named by ``world``
(or by ``person`` within it).
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim_analysis.designs.conformity import ANSWERS
from socsim_analysis.designs.convention_tables import WORLDS
from socsim_analysis.designs.crowd_tables import ESTIMATES, TRIALS, WEIGHTS
from socsim_analysis.designs.dictator import GIVEN
from socsim_analysis.designs.money_request import REQUESTS
from socsim_analysis.designs.obedience import STOPS
from socsim_analysis.designs.public_goods import CONTRIBUTIONS
from socsim_analysis.designs.repeated_games import MOVES
from socsim_analysis.designs.tables import TableError
from socsim_analysis.designs.ultimatum import DECISIONS

__all__ = [
    "READERS",
    "alsobay_contributions",
    "asch_answers",
    "becker_trials",
    "becker_weights",
    "centola_worlds",
    "mei_dictator",
    "mei_ultimatum",
    "milgram_stops",
    "money_requests",
    "moussaid_estimates",
    "play_with_gpt4",
]

Folder = str | Path


def becker_trials(folder: Folder) -> pd.DataFrame:
    """Becker, Brackbill & Centola (2017): 34 groups on four or five tasks each, a table like `TRIALS`.

    Reads ``becker2017_trials.csv``, aggregated by trial from the published estimates. Arms are Decentralized, Centralized and
    Solo; first and last are rounds 1 and 3.
    """
    names = {"network": "arm", "group": "world", "central_toward_truth": "hub_toward", "sd_1": "sd_first", "sd_3": "sd_last"}
    for short, long in (("ind", "individual"), ("mean", "mean"), ("median", "median")):
        names |= {f"{short}_err_1": f"{long}_error_first", f"{short}_err_3": f"{long}_error_last"}
    rows = _read(folder, "becker2017_trials.csv", ["task", "n", *names])
    return TRIALS.check(rows.rename(columns=names))


def becker_weights(folder: Folder) -> pd.DataFrame:
    """Becker, Brackbill & Centola (2017): weights on peers, a table like `WEIGHTS`.

    Reads ``becker2017_weight_on_peers_hist.csv``, a histogram: every revision gets the middle of its bin, .05 wide, so weights of
    exactly 0 become .025, and those of exactly 1 fall into the bin above 1. A mean over 0 to 1 is thus good to .025. Revisions
    that went beyond the peers by more than a quarter are not in the file. Whose revision is whose is not known either: all are of
    one world.
    """
    rows = _read(folder, "becker2017_weight_on_peers_hist.csv", ["w_lo", "w_hi", "count"])
    weight = np.repeat((rows["w_lo"] + rows["w_hi"]).to_numpy(dtype=float) / 2.0, rows["count"].to_numpy(dtype=int))
    return WEIGHTS.check(
        pd.DataFrame({"world": "all groups", "task": "all tasks", "person": range(len(weight)), "weight": weight})
    )


def asch_answers(folder: Folder, trials: int = 12) -> pd.DataFrame:
    """Asch (1956): 123 subjects on 12 critical trials, a table like `ANSWERS`.

    Reads ``asch1956_error_distribution.csv`` (table 3 of the monograph), which gives subjects by number of errors. On which
    trials they erred is not known: the first ones are marked. Every subject is a world.
    """
    counts = _read(folder, "asch1956_error_distribution.csv", ["errors", "subjects"])
    errors = np.repeat(counts["errors"].to_numpy(dtype=int), counts["subjects"].to_numpy(dtype=int))
    person = np.repeat(np.arange(1, len(errors) + 1), trials)
    trial = np.tile(np.arange(1, trials + 1), len(errors))
    erred = trial <= np.repeat(errors, trials)
    return ANSWERS.check(pd.DataFrame({"world": person, "person": person, "trial": trial, "critical": True, "erred": erred}))


def centola_worlds(folder: Folder) -> pd.DataFrame:
    """Centola, Becker, Brackbill & Baronchelli (2018): ten groups with a committed minority, a table like `WORLDS`.

    Reads ``centola2018_trials.csv``: shares are of choices of players who were not committed; the end is the last five rounds.
    """
    rows = _read(
        folder, "centola2018_trials.csv", ["trial", "N", "committed", "alt_last5_mean", "alt_final", "first_round_majority"]
    )
    return WORLDS.check(
        pd.DataFrame(
            {
                "world": rows["trial"],
                "committed_share": rows["committed"] / rows["N"],
                "share_end": rows["alt_last5_mean"] / 100.0,
                "share_final": rows["alt_final"] / 100.0,
                "majority_round": rows["first_round_majority"].astype(float),
            }
        )
    )


def mei_dictator(folder: Folder) -> pd.DataFrame:
    """Mei, Xie, Yuan & Jackson (2024): 13,232 dictator decisions about 100, a table like `GIVEN`.

    Reads ``dictator_round1_total100.csv``. Every subject is a world; some played in more than one session.
    """
    rows = _read(folder, "dictator_round1_total100.csv", ["subject", "given"])
    table = {"world": rows["subject"], "person": rows["subject"], "endowment": 100.0, "given": rows["given"]}
    return GIVEN.check(pd.DataFrame(table))


def mei_ultimatum(folder: Folder) -> pd.DataFrame:
    """Mei, Xie, Yuan & Jackson (2024): 5,993 decisions in ultimatum games about 100, a table like `DECISIONS`.

    Reads ``ultimatum_round1_total100.csv`` (strategy method). Every subject is a world.
    """
    rows = _read(folder, "ultimatum_round1_total100.csv", ["subject", "propose", "min_accept"])
    return DECISIONS.check(
        pd.DataFrame(
            {
                "world": rows["subject"],
                "person": rows["subject"],
                "endowment": 100.0,
                "offer": rows["propose"],
                "min_accept": rows["min_accept"],
            }
        )
    )


def play_with_gpt4(folder: Folder) -> pd.DataFrame:
    """Akata et al. (2025): people who play ten rounds of the prisoner's dilemma with GPT-4, a table like `MOVES`.

    Reads ``repgames.csv``; rounds are in the order of rows. Arms are Base (the plain model, 97 people) and Prompted (told to
    predict first, 98). Every person is a world; moves of the model are not in the table.
    """
    rows = _read(folder, "repgames.csv", ["id", "game", "action", "opponent"])
    rows = rows[rows["game"] == "PD"]
    turn = rows.groupby("id").cumcount() + 1
    return MOVES.check(
        pd.DataFrame(
            {"world": rows["id"], "arm": rows["opponent"], "person": rows["id"], "round": turn, "cooperated": rows["action"] == 1}
        )
    )


def money_requests(folder: Folder, variant: str = "basic") -> pd.DataFrame:
    """Arad & Rubinstein (2012), Lindner & Sutter (2013): requests in the 11-20 game, a table like `REQUESTS`.

    Reads ``distributions.csv``, which gives rounded percentages: people are counted out so that they add to the sample and come
    closest to these (largest remainders after scaling to 100). Every person is a world.

    Raises:
        TableError: there is no such variant; or its rows are decisions of people who chose several times, as who chose what is
            not known.
    """
    rows = _read(folder, "distributions.csv", ["variant", "n", "choice", "percent"])
    known = sorted(one for one in pd.unique(rows["variant"]) if not one.startswith("repeated"))
    if variant not in known:
        raise TableError(
            f"column 'variant' has no {variant!r} in which each person chose once; it has {', '.join(map(repr, known))}"
        )
    rows = rows[rows["variant"] == variant]
    counts = _counted_out(rows["percent"].to_numpy(dtype=float), int(rows["n"].iloc[0]))
    request = np.repeat(rows["choice"].to_numpy(dtype=int), counts)
    person = range(1, len(request) + 1)
    return REQUESTS.check(pd.DataFrame({"world": person, "arm": variant, "person": person, "request": request}))


def moussaid_estimates(folder: Folder) -> pd.DataFrame:
    """Moussaïd, Kämmer, Analytis & Neth (2013): answers to five questions of general knowledge, a table like `ESTIMATES`.

    Reads ``answers.csv``. Answers were given alone (round 1, one world); that the same position in two lists is the same person
    is taken for granted.
    """
    rows = _read(folder, "answers.csv", ["question", "truth", "participant", "answer"])
    return ESTIMATES.check(
        pd.DataFrame(
            {
                "world": "all participants",
                "arm": "alone",
                "task": rows["question"],
                "person": rows["participant"],
                "round": 1,
                "estimate": rows["answer"],
                "truth": rows["truth"],
            }
        )
    )


def milgram_stops(folder: Folder) -> pd.DataFrame:
    """Milgram (1963): the last level of 40 men, of 30, a table like `STOPS`.

    Reads ``stopping_levels.csv``, which gives people by level. Every person is a world.
    """
    rows = _read(folder, "stopping_levels.csv", ["last_level", "n_subjects"])
    last = np.repeat(rows["last_level"].to_numpy(dtype=int), rows["n_subjects"].to_numpy(dtype=int))
    person = range(1, len(last) + 1)
    return STOPS.check(pd.DataFrame({"world": person, "person": person, "last_level": last}))


def alsobay_contributions(
    folder: Folder,
    framing: Literal["give", "take"] | None = "give",
    amounts: Literal["any", "all or nothing"] | None = "any",
) -> pd.DataFrame:
    """Alsobay, Rand, Watts & Almaatouq (2025): contributions in public goods games, a table like `CONTRIBUTIONS`.

    Reads ``alsobay2025publicGoodsGame.prompts.jsonl.zip``: transcripts of 3,912 players in 366 games. The arm tells what else was
    possible: "plain", or of "chat", "punishment" and "reward" those that were, joined by " + ". Rounds in which a player left
    the game have no contribution.

    Args:
        folder: where the file lies.
        framing: whether coins are put into the pot, or are in the pot and can be taken out; both if none.
        amounts: whether any whole number of coins can be contributed, or all or nothing; both if none.
    """
    rows = [
        row
        for game, player, text in _transcripts(Path(folder) / "alsobay2025publicGoodsGame.prompts.jsonl.zip")
        for rules, _, play in [text.partition("# GAME STARTS")]
        if framing in (None, "take" if "choose to withdraw" in rules else "give")
        if amounts in (None, "any" if "any integer amount" in rules else "all or nothing")
        for row in _contributions(game, player, rules, play)
    ]
    return CONTRIBUTIONS.check(pd.DataFrame(rows, columns=CONTRIBUTIONS.names))


_EXTRAS = (("You can communicate", "chat"), ("impose deductions", "punishment"), ("can reward", "reward"))
_ROUND = re.compile(r"^## Round (\d+)", re.MULTILINE)
_COINS = re.compile(r"You contributed <<(\d+) coins?>>")
_ENDOWMENT = re.compile(r"set amount of (\d+) coins")


def _contributions(game: str, player: str, rules: str, play: str) -> Iterator[tuple[object, ...]]:
    arm = " + ".join(name for sign, name in _EXTRAS if sign in rules) or "plain"
    found = _ENDOWMENT.search(rules)
    if found is None:
        raise TableError(f"column 'endowment': the transcript of player {player} does not say how many coins there are")
    parts = _ROUND.split(play)[1:]
    for number, what in zip(parts[::2], parts[1::2], strict=True):
        coins = _COINS.search(what)
        yield game, arm, player, int(number), float(found[1]), float(coins[1]) if coins else float("nan")


def _transcripts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Game, player and text of every transcript."""
    if not path.is_file():
        raise TableError(f"there is no file {path.name} in {path.parent}")
    with zipfile.ZipFile(path) as packed, packed.open("prompts.jsonl") as lines:
        for line in lines:
            one = json.loads(line)
            yield str(one["experiment"]), str(one["participant"]), str(one["text"])


def _counted_out(percent: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Whole numbers that add to n and are closest to shares that add to about 100."""
    exact = percent / percent.sum() * n
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n - counts.sum()]] += 1
    return counts


def _read(folder: Folder, name: str, columns: list[str]) -> pd.DataFrame:
    path = Path(folder) / name
    if not path.is_file():
        raise TableError(f"there is no file {name} in {path.parent}")
    rows = pd.read_csv(path)
    lacking = [column for column in columns if column not in rows.columns]
    if lacking:
        raise TableError(f"file {name}: column {', '.join(map(repr, lacking))} is missing")
    return rows


READERS: Mapping[str, Callable[[Folder], pd.DataFrame]] = {
    one.__name__: one
    for one in (
        asch_answers,
        becker_trials,
        becker_weights,
        centola_worlds,
        mei_dictator,
        mei_ultimatum,
        play_with_gpt4,
        money_requests,
        moussaid_estimates,
        milgram_stops,
        alsobay_contributions,
    )
}
"""All readers by name; each takes the folder of its data, and says in its docstring which file it reads."""
