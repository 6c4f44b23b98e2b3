"""Published figures come out of the tables of people; made-up files show what is refused."""

from __future__ import annotations

import json
import re
import zipfile
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from human_data import folder
from socsim_analysis.designs import STATISTICS, TableError, human_tables
from socsim_analysis.designs.conformity import errors_distribution
from socsim_analysis.designs.conventions import tipping_bracket
from socsim_analysis.designs.money_request import request_shares
from socsim_analysis.designs.obedience import still_obeying
from socsim_analysis.designs.public_goods import contribution_by_round
from socsim_analysis.designs.repeated_games import cooperation_by_round
from socsim_analysis.designs.ultimatum import acceptance_curve

DERIVED, MOBLAB, TRANSCRIPTS = "human-derived-statistics", "moblab-games", "psych101-format-samples"


def rounded(name: str, table: pd.DataFrame, digits: int = 3, **options: object) -> float:
    return round(STATISTICS[name](table, **options).estimate, digits)


def test_crowds_in_decentralised_networks_become_wiser() -> None:
    table = human_tables.becker_trials(folder(DERIVED))
    found = {
        name: rounded(f"crowds.{name}", table, arm="Decentralized")
        for name in ("mean_error_first", "mean_error_last", "median_error_first", "median_error_last", "individual_error_change")
    }
    assert found == {
        "mean_error_first": 0.694,
        "mean_error_last": 0.623,
        "median_error_first": 0.760,
        "median_error_last": 0.666,
        "individual_error_change": -0.231,
    }
    assert rounded("crowds.mean_error_change", table, arm="Decentralized") == -0.071
    assert rounded("crowds.median_error_change", table, arm="Decentralized") == -0.094
    assert rounded("crowds.individual_error_change", table, arm="Solo") == -0.032
    assert len(STATISTICS["crowds.mean_error_change"](table, arm="Decentralized").values) == 13


def test_the_hub_decides_where_a_centralised_network_goes() -> None:
    table = human_tables.becker_trials(folder(DERIVED))
    toward, away = (STATISTICS[f"crowds.hub_{side}_change"](table, arm="Centralized") for side in ("toward", "away"))
    assert (round(toward.estimate, 3), len(toward.values)) == (-0.238, 12)
    assert (round(away.estimate, 3), len(away.values)) == (0.156, 13)


def test_diversity_is_lost_where_others_are_seen() -> None:
    table = human_tables.becker_trials(folder(DERIVED))
    found = [rounded("crowds.sd_ratio", table, 2, arm=arm) for arm in ("Decentralized", "Centralized", "Solo")]
    assert found == [0.58, 0.61, 1.02]


def test_the_weight_on_peers_is_that_of_the_histogram() -> None:
    table = human_tables.becker_weights(folder(DERIVED))
    counts = pd.read_csv(folder(DERIVED) / "becker2017_weight_on_peers_hist.csv")
    inside = counts[(counts["w_lo"] > -0.001) & (counts["w_hi"] < 1.001)]
    low, high = (float((inside[edge] * inside["count"]).sum() / inside["count"].sum()) for edge in ("w_lo", "w_hi"))
    found = STATISTICS["crowds.weight_on_peers"](table)
    assert found.estimate == pytest.approx((low + high) / 2)
    assert low < 0.379 < high  # of the estimates themselves; the histogram cannot tell better
    assert found.estimate == pytest.approx(0.38, abs=0.01)
    assert found.left_out["moved away from others"] == pytest.approx(0.074, abs=0.006)


def test_subjects_of_asch() -> None:
    table = human_tables.asch_answers(folder(DERIVED))
    assert len(table) == 123 * 12
    assert rounded("conformity.error_share", table) == 0.367
    assert rounded("conformity.never_erred", table) == 0.236  # 29 of 123
    assert rounded("conformity.mostly_erred", table) == 0.317
    assert rounded("conformity.always_erred", table) == 0.049  # 6 of 123
    counts = pd.read_csv(folder(DERIVED) / "asch1956_error_distribution.csv")
    assert errors_distribution(table)["people"].tolist() == counts["subjects"].tolist()


def test_committed_minorities_tip_groups_from_a_quarter_on() -> None:
    table = human_tables.centola_worlds(folder(DERIVED))
    bracket = tipping_bracket(table)
    assert (round(bracket.largest_not_tipped, 3), bracket.smallest_tipped, bracket.overlap) == (0.207, 0.25, False)
    assert rounded("conventions.tipped_share", table) == 0.5
    assert STATISTICS["conventions.rounds_to_majority"](table).values.to_dict() == {2: 29, 4: 14, 6: 13, 8: 57, 10: 35}


def test_dictators() -> None:
    table = human_tables.mei_dictator(folder(MOBLAB))
    found = STATISTICS["dictator.given_share"](table)
    assert round(100 * found.estimate, 2) == 25.86
    assert (len(table), len(found.values)) == (13232, 10335)
    assert rounded("dictator.nothing_share", table) == 0.261
    assert rounded("dictator.half_share", table) == 0.194
    assert rounded("dictator.more_than_half_share", table) == 0.037


def test_ultimatum_games() -> None:
    table = human_tables.mei_ultimatum(folder(MOBLAB))
    assert rounded("ultimatum.offer_share", table, 4) == 0.4426
    assert rounded("ultimatum.min_accept_share", table, 4) == 0.3430
    assert rounded("ultimatum.half_share", table) == 0.283
    published = [0.049, 0.197, 0.265, 0.393, 0.597, 0.920, 0.962, 0.974, 0.980, 0.984, 1.0]
    curve = acceptance_curve(table)
    assert curve["share"].round(3).tolist() == published
    assert rounded("ultimatum.acceptance", table, offer=0.5) == 0.920
    same = acceptance_curve(table, method="isotonic")
    assert same["share"].to_numpy() == pytest.approx(curve["share"].to_numpy())


def test_people_who_play_with_a_model() -> None:
    table = human_tables.play_with_gpt4(folder("akata-repeated-games"))
    found = STATISTICS["repeated_games.cooperation"](table, arm="Base")
    assert (round(found.estimate, 3), len(found.values)) == (0.5, 97)
    assert rounded("repeated_games.cooperation_in_round", table, arm="Base", at_round=10) == 0.340
    assert rounded("repeated_games.cooperation_in_round", table, arm="Base") == 0.526
    assert rounded("repeated_games.cooperation", table, arm="Prompted") == 0.455
    assert cooperation_by_round(table, arm="Prompted")["share"].round(3).tolist()[::9] == [0.439, 0.265]


@pytest.mark.parametrize(
    ("variant", "n", "percent"),
    [
        ("basic", 108, [4, 0, 3, 6, 1, 6, 32, 30, 12, 6]),
        ("cycle", 72, [1, 1, 0, 1, 0, 4, 10, 22, 47, 13]),
        ("costless", 53, [0, 4, 0, 4, 4, 4, 9, 21, 40, 15]),
    ],
)
def test_money_requests_are_as_many_as_were_printed(variant: str, n: int, percent: list[int]) -> None:
    table = human_tables.money_requests(folder("money-request-11-20"), variant)
    assert len(table) == n
    shares = request_shares(table)["share"].to_numpy()
    assert 100 * shares == pytest.approx(percent, abs=1.0)
    if variant == "basic":
        assert rounded("money_request.one_to_three_steps", table, 2) == 0.74
        assert (np.round(100 * shares) == percent).all()


def test_money_requests_of_people_who_chose_several_times_are_refused() -> None:
    with pytest.raises(TableError, match="column 'variant' has no 'repeated 5x"):
        human_tables.money_requests(folder("money-request-11-20"), "repeated 5x (R-BASE)")


def test_milgram() -> None:
    table = human_tables.milgram_stops(folder("milgram-1963"))
    found = STATISTICS["obedience.full_obedience"](table)
    assert (found.values.sum(), len(found.values), found.estimate) == (26, 40, 0.65)
    assert still_obeying(table).set_index("level")["people"][[20, 21, 30]].tolist() == [40, 35, 26]


def test_answers_given_alone() -> None:
    table = human_tables.moussaid_estimates(folder("wisdom-of-crowds-moussaid2013"))
    assert (len(table), table["estimate"].notna().sum()) == (260, 259)
    assert table.groupby("task")["truth"].nunique().tolist() == [1] * 5
    assert 0.0 < rounded("crowds.exact_share", table) < 0.05
    assert STATISTICS["crowds.diversity"](table).estimate > 0.5


@pytest.fixture(scope="module")
def public_goods() -> pd.DataFrame:
    return human_tables.alsobay_contributions(folder(TRANSCRIPTS))


def test_first_contributions(public_goods: pd.DataFrame) -> None:
    first = public_goods.loc[public_goods["round"] == 1, "contribution"].dropna()
    assert (len(first), round(first.mean(), 2), round(first.std(), 2)) == (1024, 11.79, 6.62)
    assert public_goods["endowment"].unique().tolist() == [20.0]


def test_contributions_over_ten_rounds_of_the_same_games(public_goods: pd.DataFrame) -> None:
    """Against a plain loop over the transcripts of games without chat, punishment and reward."""
    games: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    path = folder(TRANSCRIPTS) / "alsobay2025publicGoodsGame.prompts.jsonl.zip"
    with zipfile.ZipFile(path) as packed:
        lines = packed.read("prompts.jsonl").decode().splitlines()
    for line in lines:
        one = json.loads(line)
        rules = one["text"].split("# GAME STARTS")[0]
        if any(word in rules for word in ("withdraw", "either contribute all", "can communicate", "deduct", "reward")):
            continue
        at = 0
        for found in re.finditer(r"## Round (\d+)|contributed <<(\d+) coin", one["text"]):
            if found[1]:
                at = int(found[1])
                games[one["experiment"]][at] += []
            else:
                games[one["experiment"]][at].append(int(found[2]))
    long = [game for game in games.values() if max(game) >= 10]
    expected = [fmean(fmean(game[turn]) / 20 for game in long) for turn in range(1, 11)]
    curve = contribution_by_round(public_goods, arm="plain", upto=10)
    assert curve["games"].unique().tolist() == [len(long)]
    assert curve["share"].tolist() == pytest.approx(expected)
    change = STATISTICS["public_goods.contribution_change"](public_goods, arm="plain", upto=10)
    assert change.estimate == pytest.approx(expected[-1] - expected[0])
    mean = STATISTICS["public_goods.contribution"](public_goods, arm="plain", upto=10)
    assert mean.estimate == pytest.approx(fmean(expected))


def test_talk_keeps_contributions_up(public_goods: pd.DataFrame) -> None:
    plain, chat = (
        STATISTICS["public_goods.contribution_change"](public_goods, arm=arm, upto=10).estimate for arm in ("plain", "chat")
    )
    assert chat > 0.1 > plain


RULES = "Each person is given a set amount of 20 coins. You can contribute any integer amount. {}\n\n# GAME STARTS\n\n"
PLAY = "## Round 1 of 2:\nYou contributed <<1 coin>>.\n\n## Round 2 of 2:\n{}\n"


def packed(path: Path, *texts: str) -> Path:
    lines = [json.dumps({"experiment": "g", "participant": f"p{n}", "text": text}) for n, text in enumerate(texts)]
    with zipfile.ZipFile(path / "alsobay2025publicGoodsGame.prompts.jsonl.zip", "w") as archive:
        archive.writestr("prompts.jsonl", "\n".join(lines))
    return path


def test_transcripts_give_rounds_rules_and_gaps(tmp_path: Path) -> None:
    rules = RULES.format("You can communicate. Players can impose deductions. Players can reward each other.")
    texts = (rules + PLAY.format("You contributed <<20 coins>>."), rules + PLAY.format("You <<exited the game>>."))
    found = human_tables.alsobay_contributions(packed(tmp_path, *texts))
    assert found["arm"].unique().tolist() == ["chat + punishment + reward"]
    assert found["contribution"].fillna(-1).tolist() == [1, 20, 1, -1]
    assert found["round"].tolist() == [1, 2, 1, 2]
    assert human_tables.alsobay_contributions(tmp_path, framing="take").empty
    assert len(human_tables.alsobay_contributions(tmp_path, framing=None, amounts=None)) == 4


def test_a_transcript_without_an_endowment_is_refused(tmp_path: Path) -> None:
    text = RULES.format("").replace("set amount of 20", "set amount of some") + PLAY.format("")
    with pytest.raises(TableError, match="column 'endowment': the transcript of player p0"):
        human_tables.alsobay_contributions(packed(tmp_path, text))


READERS = sorted(human_tables.READERS)


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"there is no file \S+\.(csv|zip) in "):
        getattr(human_tables, name)(tmp_path)


def test_a_column_that_a_file_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "dictator_round1_total100.csv").write_text("subject,gave\n1,5\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"file dictator_round1_total100.csv: column 'given' is missing"):
        human_tables.mei_dictator(tmp_path)
    (tmp_path / "dictator_round1_total100.csv").write_text("subject,given\n1,half\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"column 'given' .* holds 'half' where a number belongs"):
        human_tables.mei_dictator(tmp_path)
