"""What a scenario asks of an engine, held against what the engine can do, before the first call.

Every wish that cannot be met is named with its field, with what to write instead and with the engines that can.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from socsim.errors import Problem, ScenarioError
from socsim.inference.manner import manner_of
from socsim.inference.types import Capabilities
from socsim.prompts import PromptBook
from socsim.readouts.preparing import prepare_item
from socsim.scenario import Scenario, patched
from socsim.scenario.asking import AnyOf, ItemSpec, ReadoutSpec
from socsim.scenario.engines import SamplingSpec
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim.trials import in_wording

__all__ = ["ENGINES_THAT_CAN", "check_capabilities", "unmet_wishes"]

_OWN_MODEL = "embedded, vllm, transformers"
_WHOLE = f"{_OWN_MODEL}; openai with endpoint: {{kind: vllm, api: completions, tokenizer: FILE}}"
ENGINES_THAT_CAN = {
    "score": f"{_OWN_MODEL}; openai where the server lists log-probabilities (endpoint.top_logprobs)",
    "whole_options": _WHOLE,
    "most_candidates": _WHOLE,
    "chat": f"{_OWN_MODEL} with a chat-tuned model; openai with endpoint.api: chat",
    "plain": f"{_OWN_MODEL}; openai with endpoint.api: completions",
    "prefill": f"{_OWN_MODEL}; openai with endpoint.kind: vllm, sglang or llama_server, or with endpoint.api: completions",
    "steering": "transformers",
    "adapters": "vllm, transformers; openai with endpoint.kind: vllm",
    "embeddings": "embedded, transformers; openai with endpoint.kind: ollama and a model that gives them",
    "sampling": f"{_OWN_MODEL}; openai with endpoint.kind: vllm, sglang or llama_server",
}
"""Which engines can do what some cannot, for the advice given."""

_SINGLE_TOKENS = {"letters": 26, "lower_letters": 26, "digits": 9, "roman": 1}
"""How many labels of a set are one token each in any tokenizer."""

_STAND_IN = "scripted"
"""The engine that follows a script instead of a model: what would change the model changes nothing there."""


def check_capabilities(scenario: Scenario, able: Capabilities, engine: str) -> None:
    """Refuse, before the first call, what the engine cannot do.

    Args:
        scenario: resolved.
        able: what the engine can do.
        engine: its name.

    Raises:
        ScenarioError: names every field that asks for it, and the engines that can.
    """
    problems = unmet_wishes(scenario, able, engine)
    if problems:
        raise ScenarioError(problems)


def unmet_wishes(scenario: Scenario, able: Capabilities, engine: str) -> list[Problem]:
    """What the engine cannot do of what the scenario asks, in the declared world and in every arm's; empty where it can all."""
    found = [*_inference(scenario, able, engine), *_world(scenario, able, engine)]
    known = set(found)
    for arm in scenario.arms:
        if arm.patch:
            new = [problem for problem in _world(patched(scenario, arm), able, engine) if problem not in known]
            found += [replace(problem, message=f"{problem.message} (in arm {arm.name!r})") for problem in new]
    return found


def _problem(message: str, field: str, instead: str, ability: str) -> Problem:
    can = f"Engines that can: {ENGINES_THAT_CAN[ability]}"
    return Problem(message, field, fix=f"{instead}. {can}" if instead else can)


def _inference(scenario: Scenario, able: Capabilities, engine: str) -> Iterator[Problem]:
    spec = scenario.inference
    if spec.steering is not None and not able.steering and engine != _STAND_IN:
        yield _problem(f"the {engine} engine cannot steer a model", "inference.steering", "Leave it out", "steering")
    if spec.adapter is not None and not able.adapters and engine != _STAND_IN:
        yield _problem(f"the {engine} engine has no adapters", "inference.adapter", "Leave it out", "adapters")
    plain = SamplingSpec()
    for name, profile in spec.profiles.items():
        for field in type(plain).model_fields:
            if getattr(profile, field) != getattr(plain, field) and field not in able.sampling:
                message = f"the {engine} engine does not honour {field}"
                yield _problem(message, f"inference.profiles.{name}.{field}", "Leave it out", "sampling")


def _world(scenario: Scenario, able: Capabilities, engine: str) -> Iterator[Problem]:
    book = PromptBook.from_spec(in_wording(scenario.prompts))
    begins = scenario.prompts.say_prefix
    if any(begins.any_of if isinstance(begins, AnyOf) else (begins,)) and able.chat and not able.prefill:
        message = f"the {engine} engine cannot go on from the beginning of a reply"
        yield _problem(message, "prompts.say_prefix", "Leave it out", "prefill")
    for name, item in (scenario.items if isinstance(scenario.items, dict) else {}).items():
        yield from _style(f"items.{name}.readout", item, able, engine)
        if item.readout.method in ("logprob", "cloze"):
            yield from _scores(f"items.{name}", item, book, able, engine)
    yield from _ballots(scenario, book, able, engine)
    memory = scenario.memory
    if memory is not None and memory.wants_vectors and not able.embeddings:
        yield _problem(f"the {engine} engine gives no embeddings", "memory.relevance", "Write relevance: words", "embeddings")


def _ballots(scenario: Scenario, book: PromptBook, able: Capabilities, engine: str) -> Iterator[Problem]:
    """Choices that interactions put to people; how many options there will be is not known yet, so two stand for them."""
    for path, phase, _ in phases(scenario):
        options = None if phase.interaction == "none" else options_of(phase.interaction)
        silence = phase.say.silence if phase.say is not None else None
        choices = ((("interaction", "options"), getattr(options, "readout", None)), (("say", "silence"), silence))
        for place, readout in choices:
            if isinstance(readout, ReadoutSpec) and readout.method == "logprob":
                ballot = ItemSpec(type="nominal", text="?", options=("a", "b"), readout=readout)
                yield from _scores(".".join(map(str, (*path, *place))), ballot, book, able, engine)


def _style(field: str, item: ItemSpec, able: Capabilities, engine: str) -> Iterator[Problem]:
    cloze = item.readout.method == "cloze"
    style = item.readout.style or ("plain" if cloze else None)
    if style == "chat" and not able.chat:
        yield _problem("the model has no chat template", f"{field}.style", "Use style: plain", "chat")
    elif style == "chat" and cloze and not able.prefill:
        message = f"the {engine} engine cannot go on from the beginning of a sentence"
        yield _problem(message, f"{field}.method", "Use method: sample or verbalized", "prefill")
    elif style == "plain" and not able.plain:
        where = f"{field}.style" if item.readout.style else f"{field}.method"
        yield _problem(f"the {engine} engine takes no bare text", where, "Use style: chat", "plain")


def _scores(name: str, item: ItemSpec, book: PromptBook, able: Capabilities, engine: str) -> Iterator[Problem]:
    field, written = f"{name}.readout", "Use method: sample or verbalized"
    if not able.score:
        yield _problem(f"the {engine} engine gives no log-probabilities", f"{field}.method", written, "score")
        return
    if item.readout.method == "cloze" and not able.whole_options:
        message = f"the {engine} engine scores single tokens, and the ends of a sentence have several"
        yield _problem(message, f"{field}.method", "Use method: logprob", "whole_options")
        return
    size = len(item.options) + len(item.non_answers)
    if not able.whole_options:
        instead = item.readout.score == "whole_option"
        too_short = [label for label in (("letters",) if instead else item.readout.labels) if size > _SINGLE_TOKENS[label]]
        if too_short:
            message = f"the {engine} engine scores single tokens; {size} options need labels of several ({', '.join(too_short)})"
            fix = "Use labels: [letters]" if size <= _SINGLE_TOKENS["letters"] and not instead else written
            yield _problem(message, f"{field}.score" if instead else f"{field}.labels", fix, "whole_options")
            return
    wanted = max((len(set(plan.candidates)) for plan in prepare_item(name, item, book, manner_of(able)).plans), default=0)
    if able.most_candidates and wanted > able.most_candidates:
        forms = f" ({size} options, with and without a space in front)" if wanted > size else ""
        message = f"{wanted} log-probabilities are needed{forms}; the {engine} engine lists at most {able.most_candidates}"
        yield _problem(message, f"{field}.method", f"{written}, or fewer options", "most_candidates")
