"""Carrying out a prepared run in its folder: people and calls into the record, its end into the manifest, then the tables."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from socsim.agent import SocialAgent
from socsim.carrying import Carrier, ProgressMeter, carry_out
from socsim.errors import Problem, RecordError, ReplayMismatch, RunStopped, ScenarioError, nearest
from socsim.events import RunProgress
from socsim.giveaways import Giveaway, giveaways
from socsim.inference.fingerprint import Fingerprinted, changes, take_fingerprint
from socsim.inference.types import Engine
from socsim.laying_out import INPUTS, now
from socsim.model import AnswersStopped, Execution
from socsim.record.caching import cache_of
from socsim.record.manifest import read_manifest, write_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import RECORD_NAME, Run
from socsim.scenario import Scenario
from socsim.scenario.engines import LimitsSpec
from socsim.session import Session
from socsim.world import World, world_rows

__all__ = ["CarryingOut", "carry_on", "check_findings", "words_in_prompts", "write_report_of"]


@dataclass(frozen=True, slots=True)
class CarryingOut:
    """How a run is carried out; see `run`."""

    agent_class: type[SocialAgent] = SocialAgent
    execution: Execution = "dependencies"
    checked: bool = False
    report: bool = False
    carrier: Carrier = carry_out
    """Who steps the worlds: this process, or a cluster."""


def carry_on(
    folder: Path,
    worlds: tuple[World, ...],
    engine: Engine,
    progress: RunProgress | None,
    how: CarryingOut,
    *,
    fresh: bool,
) -> Run:
    """Carry out all worlds against the folder's record, then write tables and manifest."""
    spec = worlds[0].spec
    if spec.inference.batch is not None and how.execution == "dependencies":
        how = replace(how, execution="barrier")  # a job of a provider holds whole waves
    manifest = read_manifest(folder)
    with (
        cache_of(manifest, engine.identity) as cache,
        Session(RecordStore.open(folder / RECORD_NAME, cache=cache), engine, spec.inference, manifest["elapsed_s"]) as session,
    ):
        if not fresh:
            _note_resumption(folder, session, progress)
        else:
            _note_words(folder, worlds)
        _check_fingerprint(folder, session, engine, spec.inference.limits, progress)
        _put_people(session, worlds, fresh=fresh)
        meter = ProgressMeter(worlds, session, progress)
        meter.begin(f"{spec.name}, seed {spec.seed}")
        with _noting_the_end(folder, session, meter, how.execution) as end:
            try:
                how.carrier(
                    worlds,
                    session,
                    session.store.put_rows,
                    meter,
                    agent_class=how.agent_class,
                    folder=folder / INPUTS,
                    execution=how.execution,
                    checked=how.checked,
                )
            except AnswersStopped as stopped:
                end.update(status="incomplete", reason=str(stopped))
            except RunStopped as stopped:
                session.end_calls()
                end.update(status="incomplete", reason=f"{stopped}. {_go_on(folder)}", stopped_by="cap")
    return _conclude(folder, end["status"], report=how.report)


def _go_on(folder: Path) -> str:
    return f"Everything answered is kept. Raise it and go on: socsim resume {folder} --budget usd=…,tokens=…,calls=…,hours=…"


def _check_fingerprint(folder: Path, session: Session, engine: Engine, limits: LimitsSpec, progress: RunProgress | None) -> None:
    """Write down what is found at the engine's address; in a run that goes on it must be what was found at its beginning."""
    if not isinstance(engine, Fingerprinted):
        return
    found = session.loop.run(take_fingerprint(engine, limits))
    manifest = read_manifest(folder)
    if "fingerprint" not in manifest:
        write_manifest(folder, manifest | {"fingerprint": found})
        return
    wrong, other = changes(manifest["fingerprint"], found)
    if wrong:
        raise RecordError(
            f"{folder}: the server is not the one that this run began with: {'; '.join(wrong)}. Answers of two models must not "
            "be mixed in one run; resume with the same model, or start a new run."
        )
    if other:
        write_manifest(folder, manifest | {"fingerprint_changes": [*manifest.get("fingerprint_changes", []), *other]})
        if progress is not None:
            progress.note(f"the server has changed since the run began: {'; '.join(other)}")


def _note_words(folder: Path, worlds: tuple[World, ...]) -> None:
    """Write down which words of the prompts give away what the run is to be held against."""
    scenario = Run(folder).scenario
    if scenario.compare:
        found = [one.as_dict() for one in words_in_prompts(scenario, worlds)]
        write_manifest(folder, read_manifest(folder) | {"giveaways": found})


def _note_resumption(folder: Path, session: Session, progress: RunProgress | None) -> None:
    if progress is not None:
        answered, twice = session.store.totals()["calls"], session.store.found_unanswered
        progress.note(
            f"going on with {folder}: {answered} calls are answered and are not asked again; "
            f"calls that were in flight when it stopped, possibly billed twice: {twice}"
        )


def _put_people(session: Session, worlds: tuple[World, ...], *, fresh: bool) -> None:
    """Record people and ties; in a run that goes on they must be those that it began with."""
    for world in worlds:
        rows = list(world_rows(world))
        session.store.put_rows(rows)
        if fresh:
            continue
        try:
            session.store.verify_rows(rows)
        except ReplayMismatch as mismatch:
            raise ReplayMismatch(
                f"the people or ties built now are not those that the run began with: {mismatch} "
                "Resume with the socsim version and the packages that manifest.json names."
            ) from mismatch


@contextmanager
def _noting_the_end(folder: Path, session: Session, meter: ProgressMeter, execution: Execution) -> Iterator[dict[str, str]]:
    """Write into the manifest how the work inside ended. The run itself stays "running" until its tables are written."""
    manifest, begun = read_manifest(folder), time.monotonic()
    end = {"status": "finished", "reason": "", "stopped_by": ""}
    manifest.pop("stopped_by", None)

    def note(status: str, reason: str) -> None:
        session.store.flush()
        manifest["counts"] = _counts(session)
        manifest["statistics"] = session.client.stats.as_dict()
        manifest["usd"] = session.usd
        timing = session.clock.timing(session.client.parallel, session.client.stats.busy_s)
        manifest["execution"] = {"kind": execution, **timing.as_dict()}
        session.store.put_telemetry("client", manifest["statistics"])
        manifest["elapsed_s"] += time.monotonic() - begun
        write_manifest(folder, manifest | {"status": status, "finished": now(), "reason": reason})

    try:
        yield end
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        with suppress(RecordError):  # where the disk is full, the error on its way says so
            note("interrupted" if interrupted else "failed", "" if interrupted else str(error) or repr(error))
        raise
    else:
        if end["stopped_by"]:
            manifest["stopped_by"] = end["stopped_by"]
        note("running", end["reason"])
    finally:
        meter.finish()


def _counts(session: Session) -> dict[str, int]:
    """Calls and tokens of the whole record, whichever process made them; what was merged or replayed is of the last one."""
    stats = session.client.stats
    return {
        **session.store.totals(),
        "replayed": stats.replayed,
        "deduplicated": stats.deduplicated,
        "possibly_billed_twice": session.store.possibly_billed_twice,
    }


def _conclude(folder: Path, status: str, *, report: bool) -> Run:
    """Write the tables, judge whether the run is complete, and write the report if wished."""
    finished = Run(folder)
    try:
        hashes = finished.write_tables()
        manifest = read_manifest(folder)
        failed, asked = finished.failed_answers()
        manifest["counts"] |= {"answers": asked, "answers_failed": failed}
        if status == "finished":
            status, manifest["reason"] = _judged(failed, asked, manifest["complete_below"])
        manifest.update(status=status, tables=hashes)
        write_manifest(folder, manifest)
    except RecordError as error:
        raise RecordError(
            f"{error} Every reply is in the record; only tables and manifest are left to write: socsim resume {folder}"
        ) from error
    if report:
        write_report_of(Run(folder))
    return Run(folder)


def _judged(failed: int, asked: int, complete_below: float) -> tuple[str, str]:
    """(status, reason) of a run whose schedule has ended."""
    if asked == 0 or failed / asked <= complete_below:
        return "complete", ""
    return "incomplete", f"{failed} of {asked} answers and messages failed; the scenario allows {complete_below:.0%}"


def write_report_of(run: Run) -> None:
    """Write ``report.html`` into a run folder."""
    from socsim_analysis.report import write_report

    write_report(run)


def check_findings(scenario: Scenario) -> None:
    """Whether the findings that a scenario is to be held against exist, and have the words that it accepts.

    Raises:
        ScenarioError: one does not; names those that are near.
    """
    from socsim_analysis.findings.registry import FindingError
    from socsim_analysis.leakage import words_of

    problems = []
    for index, entry in enumerate(scenario.compare):
        try:
            words = words_of(entry.finding)
        except FindingError as error:
            problems.append(Problem(str(error).rstrip("?"), f"compare.{index}.finding", fix="socsim findings list shows all"))
            continue
        known = [word.lower() for word in words.every] if words is not None else []
        for number, word in enumerate(entry.accept_words):
            if word.lower() not in known:
                message = f"{word!r} is no word that would give {entry.finding} away"
                fix = f"{nearest(word, known)} `socsim findings show {entry.finding}` lists them all"
                problems.append(Problem(message, f"compare.{index}.accept_words.{number}", fix=fix))
    if problems:
        raise ScenarioError(problems)


def words_in_prompts(scenario: Scenario, worlds: Sequence[World]) -> tuple[Giveaway, ...]:
    """Words in prompts that would tell a model which study it is in, or what the findings say that it is held against.

    Args:
        scenario: the scenario, resolved.
        worlds: its worlds, whose prompts are rendered.
    """
    from socsim_analysis.leakage import watched_words

    watched = watched_words(scenario)
    return giveaways(scenario, watched, worlds) if watched else ()
