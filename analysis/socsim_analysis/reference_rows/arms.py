"""What an arm is beside the one that is compared, told from what it changes and not from what it is called.

Ready-made controls say it themselves (``alone``, ``yoked``, ``shuffled``). An arm of its own is recognised where it takes away
all interaction of the compared arm (nobody sees anybody), or where nobody's persona has a word in its prompts while there it
has (empty persona). Any other arm keeps its name.
"""

from __future__ import annotations

from socsim.scenario import Scenario
from socsim.scenario.arms import patched
from socsim.scenario.schedule_checks import interacts, phases
from socsim.scenario.worlds import ArmSpec
from socsim_analysis.frames import RunLike

__all__ = ["arm_name", "role_of_arm"]


def role_of_arm(run: RunLike, arm: str, beside: str) -> str:
    """What an arm is in plain words, held against the arm ``beside`` it; empty where it is no control."""
    spec, own = _spec(run, arm), _spec(run, beside)
    if spec is None:
        return ""
    ready = _of_control(spec)
    if ready or own is None or own.control is not None:
        return ready
    said = []
    if _meets(patched(run.scenario, own)) and not _meets(patched(run.scenario, spec)):
        said.append("nobody sees anybody")
    if _shows_persona(run, own) and not _shows_persona(run, spec):
        said.append("empty persona")
    return ", ".join(said)


def arm_name(run: RunLike | None, arm: str, beside: str) -> tuple[str, bool]:
    """The name of the arm's row, and whether it is a control."""
    role = role_of_arm(run, arm, beside) if run is not None else ""
    return (f"{role} (arm {arm})", True) if role else (f"other arm: {arm}", False)


def _spec(run: RunLike, arm: str) -> ArmSpec | None:
    return next((one for one in run.scenario.arms if one.name == arm), None)


def _of_control(spec: ArmSpec) -> str:
    if spec.control == "alone":
        return "nobody sees anybody"
    if spec.control == "shuffled":
        return "everybody in another's place" if spec.shuffle == "permute_people" else "ties rewired, degrees kept"
    if spec.control == "yoked":
        return "messages on another topic" if spec.yoke and "messages" in spec.yoke else "messages of another world"
    return ""


def _meets(scenario: Scenario) -> bool:
    return any(interacts(phase) is not None for _, phase, _ in phases(scenario))


def _shows_persona(run: RunLike, arm: ArmSpec) -> bool:
    """Whether anybody's persona has words, and these have a place in the prompts of the arm."""
    system = patched(run.scenario, arm).prompts.system
    placed = not isinstance(system, str) or "{persona}" in system
    people = run.agents[run.agents["arm"] == arm.name] if len(run.agents) else run.agents
    return placed and len(people) > 0 and bool((people["persona"].fillna("").astype(str).str.strip() != "").any())
