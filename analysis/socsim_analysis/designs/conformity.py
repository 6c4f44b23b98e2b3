"""Conformity: whether people give the wrong answer of a unanimous majority.

On *critical* trials all others answer wrongly, on the rest they answer rightly. By default the unit is the person: one subject
among confederates. Where real people sit in one room, hand over ``unit="world"``.

Sources: Asch (1956), Psychological Monographs 70(9), 1-70; Franzen & Mader (2023), PLOS ONE 18(11), e0294325.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = [
    "ANSWERS",
    "STATISTICS",
    "always_erred",
    "control_error",
    "error_share",
    "errors_distribution",
    "mostly_erred",
    "never_erred",
]

ANSWERS = Table(
    "conformity answers",
    "one answer of a person on a trial",
    (
        Column("world", "label", "the session"),
        Column("arm", "label", "the condition", optional=True),
        Column("person", "label", "the subject"),
        Column("trial", "label", "the trial"),
        Column("critical", "flag", "whether all others answer wrongly"),
        Column("erred", "flag", "whether the answer is wrong; missing without an answer", gaps=True),
    ),
    key=("arm", "world", "person", "trial"),
)


def error_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of wrong answers on critical trials, a mean over people.

    0 to 1. People without an answer on any critical trial are left out.
    """
    people = _people(frame, arm, critical=True)
    return by_unit(
        "conformity.error_share", people, "share", unit, "mean over people of their share of errors on critical trials"
    )


def control_error(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of wrong answers on trials on which the others answer rightly, a mean over people.

    For people who answer alone, name their arm in `error_share` instead.
    """
    people = _people(frame, arm, critical=False)
    return by_unit("conformity.control_error", people, "share", unit, "mean over people of their share of errors on other trials")


def never_erred(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of people who never gave a wrong answer on a critical trial."""
    people = _people(frame, arm, critical=True)
    return _share("conformity.never_erred", people, people["share"] == 0.0, unit)


def always_erred(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of people who gave a wrong answer on every critical trial that they answered."""
    people = _people(frame, arm, critical=True)
    return _share("conformity.always_erred", people, people["share"] == 1.0, unit)


def mostly_erred(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of people who gave a wrong answer on more than half of the critical trials that they answered."""
    people = _people(frame, arm, critical=True)
    return _share("conformity.mostly_erred", people, people["share"] > 0.5, unit)


def errors_distribution(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """How many people made how many errors on critical trials: columns ``errors, people``, from 0 to the most trials of anybody.

    People who answered fewer trials than others are counted with the errors that they made.
    """
    people = _people(frame, arm, critical=True)
    most = int(people["trials"].max()) if len(people) else -1
    counts = people["errors"].astype(int).value_counts().reindex(range(most + 1), fill_value=0)
    return pd.DataFrame({"errors": counts.index.to_numpy(), "people": counts.to_numpy()})


def _people(frame: pd.DataFrame, arm: object, *, critical: bool) -> pd.DataFrame:
    """People with an answer: ``world, person, errors, trials, share``."""
    rows = in_arm(ANSWERS.check(frame), arm)
    rows = rows[(rows["critical"] == critical) & rows["erred"].notna()]
    erred = rows.groupby(["world", "person"])["erred"]
    people = pd.DataFrame({"errors": erred.sum(), "trials": erred.size()}).reset_index()
    return people.assign(share=people["errors"] / people["trials"])


def _share(name: str, people: pd.DataFrame, flags: pd.Series, unit: Unit) -> UnitValues:
    return by_unit(name, people.assign(flag=flags.astype(float)), "flag", unit, "share of people")


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("conformity", "person", (ANSWERS,), one)
    for one in (error_share, control_error, never_erred, always_erred, mostly_erred)
)
"""Statistics of this design."""
