"""What the single agent already tells: the course of a binary, memoryless, well-mixed run foretold from a measured response
curve.

The curve is fitted to a table of the design ``response_curve`` (`socsim.measures.fit_response_curve`), of the same run or of
another one. It speaks of a run whose people choose between two answers, see nothing but what others answered last, and may
meet anybody:

- an item with two options, asked again and again, in phases ``neighbours`` with ``see: answers`` in which everybody may see
  everybody (``of: all``, or a complete graph), and remembering nothing; or
- a naming game with two names and a memory of one play, in which any two may meet: everybody sees one other's last choice, and
  is seen by it.

Whether that holds is read from the scenario; where it does not, the reason is said. Worlds are simulated from the run's own
starts and with its number of people (`socsim_analysis.mean_field.simulate_means`). A curve says how *others* weigh; a run
whose people hold on to their own last answer goes slower than foretold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.interactions import spec_of
from socsim.measures import ResponseCurve, fit_response_curve
from socsim.scenario import Scenario
from socsim.scenario.arms import patched
from socsim.scenario.options_conventions import ConventionsOptions
from socsim.scenario.schedule import PhaseSpec
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.frames import RunLike, Snapshot, in_several_contexts, item_spec, treatment_arm
from socsim_analysis.markup import plural
from socsim_analysis.mean_field import Order, fixed_points, simulate_means
from socsim_analysis.statistics.wording import interval_words, number

__all__ = ["Course", "Foretold", "NoCourse", "binary_course", "curve_of", "foretold", "measured_curve", "named_tables"]

_COPIES = 400
"""Simulated worlds for each world of a run."""


class NoCourse(ValueError):
    """A run is not binary, memoryless and well mixed; the message says where it departs from that."""


@dataclass(frozen=True, eq=False)
class Course:
    """What a run's worlds did: ``n`` people, how many held ``option`` at the start, and the mean m at the end, by world."""

    option: str
    other: str
    n: int
    rounds: int
    seen: int | None
    order: Order
    start: NDArray[np.int64]
    end: NDArray[np.float64]


@dataclass(frozen=True)
class Foretold:
    """Means at the end, of simulated worlds and of the run, and the sentence that says so."""

    mean: float
    low: float
    high: float
    sd: float
    run_mean: float
    run_sd: float
    sentence: str


def measured_curve(table: pd.DataFrame, arm: str | None = None) -> ResponseCurve | None:
    """The curve of a table of the design ``response_curve``; None where it has no choice that others' choices stood before.

    m is the mean choice of the k others, 2 m/k - 1.
    """
    rows = table if arm is None or "arm" not in table else table[table["arm"] == arm]
    rows = rows[(rows["k"] > 0) & rows["chose_a"].notna()]
    if rows.empty:
        return None
    return fit_response_curve(rows["chose_a"].to_numpy(dtype=float), 2.0 * rows["m"].to_numpy(dtype=float) / rows["k"] - 1.0)


def curve_of(run: RunLike, arm: str | None = None) -> ResponseCurve | None:
    """The response curve that a run measured, in an arm (the treatment arm if none is named); None where it measured none."""
    table = table_of(run, "response_curve")
    if table is None:
        return None
    chosen = arm if arm is not None else treatment_arm(run)
    return measured_curve(table, chosen if "arm" in table and chosen in set(table["arm"]) else None)


def binary_course(run: Snapshot, arm: str) -> Course:
    """The course of an arm whose people are binary, memoryless and well mixed.

    Raises:
        NoCourse: they are not; says why.
    """
    spec = next((one for one in run.scenario.arms if one.name == arm), None)
    if spec is None:
        raise NoCourse(f"there is no arm {arm!r}")
    if spec.control is not None:
        raise NoCourse(f"the arm {arm!r} is a control")
    scenario = patched(run.scenario, spec)
    everything = [phase for _, phase, _ in phases(scenario)]
    if scenario.population.confederates:
        raise NoCourse("some follow a script")
    if any(phase.interventions for phase in everything):
        raise NoCourse("something happens to people on the way")
    if scenario.conditions or in_several_contexts(run):
        raise NoCourse("people are asked under several conditions")
    if any(spec_of(phase).kind == "conventions" for phase in everything):
        return _course_of_names(run, arm, everything)
    return _course_of_item(run, arm, scenario, everything)


def _course_of_item(run: Snapshot, arm: str, scenario: Scenario, everything: list[PhaseSpec]) -> Course:
    meeting = [phase for phase in everything if spec_of(phase).kind == "neighbours"]
    if not meeting:
        raise NoCourse("nobody sees the answers of others to an item")
    for reason in (reason for phase in meeting for reason in _departures(phase, scenario)):
        raise NoCourse(reason)
    asked = {phase.ask for phase in meeting}
    spec = item_spec(run, meeting[0].ask[0]) if meeting[0].ask else None
    if len(asked) != 1 or len(meeting[0].ask) != 1 or spec is None or len(spec.options) != 2 or spec.non_answers:
        raise NoCourse("it is not about one item with two options")
    item, sees = meeting[0].ask[0], spec_of(meeting[0])
    alone = [phase for phase in everything if item in phase.ask and phase not in meeting]
    if len(alone) > 1 or any(phase.repeat > 1 or everything.index(phase) > everything.index(meeting[0]) for phase in alone):
        raise NoCourse("the item is asked again where nobody sees the answers of others")
    rows = run.responses[(run.responses["arm"] == arm) & (run.responses["item"] == item)]
    rows = rows[rows["status"] == "answered"]
    steps = sorted(int(one) for one in rows["step"].unique())
    if len(steps) < 2:
        raise NoCourse("the item was asked once")
    holds = (rows["choice"] == 0).groupby([rows["replicate"], rows["step"]])
    counts, sizes = holds.sum().unstack("step"), holds.size().unstack("step")
    n = int(sizes.max().max())
    if (sizes[[steps[0], steps[-1]]] != n).any(axis=None):
        raise NoCourse("some did not answer at the start or the end")
    start, end = counts[steps[0]].to_numpy(dtype=np.int64), 2.0 * counts[steps[-1]].to_numpy(dtype=float) / n - 1.0
    seen = sees.at_most if sees.at_most is not None and sees.at_most < n - 1 else None
    order: Order = "one by one" if meeting[0].activating.kind == "random_sequential" else "at once"
    return Course(spec.options[0], spec.options[1], n, len(steps) - 1, seen, order, start, end)


def _departures(phase: PhaseSpec, scenario: Scenario) -> Iterator[str]:
    spec, network = spec_of(phase), scenario.network
    if spec.see != "answers" or phase.say is not None:
        yield "people see messages, not the answers alone"
    if phase.remember:
        yield "people remember"
    if phase.activating.kind not in ("simultaneous", "random_sequential"):
        yield f"people act as {phase.activating.kind} says"
    complete = network is not None and network.graph.generator == "complete"
    if spec.of != "all" and not complete:
        yield "not everybody may see everybody"


def _course_of_names(run: Snapshot, arm: str, everything: list[PhaseSpec]) -> Course:
    games = [phase for phase in everything if spec_of(phase).kind == "conventions"]
    options = [options_of(spec_of(phase)) for phase in games]
    played = [one for one in options if isinstance(one, ConventionsOptions)]
    names = {one.names for one in played}
    if len(names) != 1 or len(played[0].names) != 2:
        raise NoCourse("it is not about two names")
    if any(one.memory != 1 for one in played):
        raise NoCourse("people remember more than their last play, or nothing")
    if any(one.committed is not None for one in played):
        raise NoCourse("some are committed")
    if any(phase.activating.kind != "dyads" or phase.activating.among != "all" for phase in games):
        raise NoCourse("not any two meet in every round")
    table = table_of(run, "conventions")
    if table is None:
        raise NoCourse("no name was chosen")
    rows = table[(table["arm"] == arm) & (table["chosen"].astype(str) != "")]
    option, other = played[0].names
    holds = (rows["chosen"] == option).groupby([rows["world"], rows["round"]])
    counts, sizes = holds.sum().unstack("round"), holds.size().unstack("round")
    n, last = int(sizes.max().max()), int(rows["round"].max())
    if last < 2 or (sizes[[1, last]] != n).any(axis=None):
        raise NoCourse("some did not choose in the first or the last round")
    end = 2.0 * counts[last].to_numpy(dtype=float) / n - 1.0
    return Course(option, other, n, last - 1, 1, "in pairs", counts[1].to_numpy(dtype=np.int64), end)


def foretold(course: Course, curve: ResponseCurve, seed: int = 0, measured_in: str = "this run") -> Foretold:
    """What the curve foretells of a course, beside what the run did.

    Args:
        course: of `binary_course`.
        curve: fitted; β and h finite.
        seed: of the simulated worlds.
        measured_in: where the curve was measured, in words.

    Raises:
        NoCourse: the curve has no finite β or h; says why.
    """
    if not (math.isfinite(curve.beta) and math.isfinite(curve.h)):
        raise NoCourse(
            f"the response curve has no finite estimate ({curve.problem or 'choices do not depend on those of others'})"
        )
    rng = np.random.default_rng(seed)
    starts = np.tile(course.start, _COPIES)
    found = simulate_means(curve.beta, curve.h, starts, course.n, course.rounds, rng, seen=course.seen, order=course.order)[
        :, -1
    ].reshape(_COPIES, -1)
    sets = found.mean(axis=1)
    half = 1.96 * float(sets.std(ddof=1))
    sd = float(np.mean(found.std(axis=1, ddof=1))) if found.shape[1] > 1 else math.nan
    own, own_sd = float(course.end.mean()), float(course.end.std(ddof=1)) if course.end.size > 1 else math.nan
    mean = float(sets.mean())
    said = _sentence(course, curve, measured_in, (mean, half, sd), (own, own_sd))
    return Foretold(mean, mean - half, mean + half, sd, own, own_sd, said)


def _sentence(
    course: Course, curve: ResponseCurve, measured_in: str, made: tuple[float, float, float], own: tuple[float, float]
) -> str:
    points = fixed_points(curve.beta, curve.h)
    stays = ", ".join(f"{number(one.m)}{'' if one.attracts else ' (does not attract)'}" for one in points)
    mean, half, sd = made
    spread = "" if math.isnan(sd) else f", SD over worlds {number(sd)}"
    own_spread = "" if math.isnan(own[1]) else f", SD {number(own[1])}"
    return (
        f"What the single agent already tells: its response curve, measured in {measured_in}, has β = {number(curve.beta)} "
        f"(95 % interval {interval_words(curve.beta_low, curve.beta_high)}) and h = {number(curve.h)}. A mean field with it "
        f"stays at m = {stays}, where m = 1 is everybody with “{course.option}” and −1 everybody with “{course.other}”. From "
        f"the run's starts, worlds of {course.n} people end after {plural(course.rounds, 'round')} at m = {number(mean)} "
        f"(95 % of such sets of worlds from {interval_words(mean - half, mean + half)}{spread}); the run ended at "
        f"{number(own[0])}{own_spread} over {plural(len(course.end), 'world')}."
    )


def named_tables(course: Course, curve: ResponseCurve, table: pd.DataFrame, arm: str, seed: int = 0) -> list[pd.DataFrame]:
    """Tables of a naming game with two names as the curve alone would fill them, from the run's starts; one for each of 40 sets.

    Who in a round chooses which name is drawn, as only the shares are foretold.

    Args:
        course: of the game.
        curve: fitted, with finite β and h.
        table: the run's table of the design ``conventions``, rows numbered from 0.
        arm: the arm of the course.
        seed: of the simulated worlds.
    """
    rng = np.random.default_rng(seed)
    rows = table[(table["arm"] == arm) & (table["chosen"].astype(str) != "")]
    worlds = {world: place for place, world in enumerate(sorted(rows["world"].unique()))}
    groups = [
        (place, at, rows.index[(rows["world"] == world) & (rows["round"] == at + 1)].to_numpy(dtype=np.int64))
        for world, place in worlds.items()
        for at in range(course.rounds + 1)
    ]
    made = []
    for _ in range(40):
        means = simulate_means(
            curve.beta, curve.h, course.start, course.n, course.rounds, rng, seen=course.seen, order=course.order
        )
        chosen = table["chosen"].to_numpy(dtype=object).copy()
        for place, at, rows_then in groups:
            share = (float(means[place, at]) + 1.0) / 2.0
            holders = rng.permutation(len(rows_then)) < round(share * len(rows_then))
            chosen[rows_then] = np.where(holders, course.option, course.other)
        made.append(table.assign(chosen=chosen))
    return made
