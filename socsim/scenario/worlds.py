"""Variants of the world and how a run is carried out: conditions, arms, comparison, failures and inference, as declared."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Tag, ValidationInfo, field_validator

from socsim.scenario.base import BY_KIND, Spec

__all__ = [
    "AnalysisSpec",
    "ArmSpec",
    "Baseline",
    "CompareSpec",
    "ConditionSpec",
    "EmbeddedSpec",
    "FailuresSpec",
    "InferenceSpec",
    "LimitsSpec",
    "ModelShare",
    "SamplingSpec",
]

Control = Literal["alone", "yoked", "shuffled"]
Baseline = Literal[
    "no_change",
    "drift_only",
    "degroot",
    "friedkin_johnsen",
    "hegselmann_krause",
    "deffuant_weisbuch",
    "voter",
    "linear_threshold",
]
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}\Z")
_KEY_LIKE = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}\Z")


class ConditionSpec(Spec):
    """A factor randomised among agents inside one world."""

    levels: Annotated[Annotated[tuple[str, ...], Tag("<list>")] | Annotated[dict[str, Any], Tag("<mapping>")], BY_KIND]
    """Names, names with texts, or ``{table: …, column: …}``."""
    assign: Literal["complete", "blocked", "factorial", "each_in_own_context"] = "complete"
    block_by: str | None = None


class ArmSpec(Spec):
    """A variant of the whole world: a ready-made control, or a patch of named parts."""

    name: str
    control: Control | None = None
    shuffle: Literal["permute_people", "rewire"] | None = None
    """``shuffled`` only."""
    yoke: dict[Literal["world", "messages"], str] | None = None
    """``yoked`` only: ``{world: other_replicate}`` shows the messages of the same node in another replicate;
    ``{messages: FILE}`` shows messages on another topic from a text file, one a line."""
    patch: dict[str, Any] = Field(default_factory=dict)
    """Parts that differ: ``network``, ``population``, ``prompts``, ``items``, and ``phases`` by phase name."""


class CompareSpec(Spec):
    """A finding the run is held against."""

    finding: str
    distances: tuple[Literal["tv", "w1", "js"], ...] = ()
    floor: Literal["human_sampling"] | None = None
    filter: str | None = None


class AnalysisSpec(Spec):
    """How effects of conditions are estimated."""

    effects: dict[str, Any] = Field(default_factory=dict)
    human: str | None = None


class FailuresSpec(Spec):
    """What happens when a reply is not an answer."""

    retry: int = Field(default=1, ge=0, le=20)
    """Fresh draws after a reply that could not be read (texts only: a score does not change when asked again)."""
    repair: int = Field(default=0, ge=0, le=5)
    """Times the model is shown its reply and asked to answer in the stated form."""
    then: Literal["exclude", "stop"] = "exclude"
    """``exclude``: the answer is missing from then on, and neighbours see nothing of it; ``stop``: the run ends."""
    complete_below: float = Field(default=0.05, ge=0.0, le=1.0)
    """Largest share of failed answers at which the run may be called complete."""


class SamplingSpec(Spec):
    """Sampling of one kind of call; see `socsim.inference.types.SamplingParams`."""

    temperature: float = Field(default=1.0, ge=0.0, le=5.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0)
    min_p: float = Field(default=0.0, ge=0.0, le=1.0)
    repetition_penalty: float = Field(default=1.0, gt=0.0, le=3.0)


class ModelShare(Spec):
    """One model of several, by share of the population."""

    name: str
    share: float = Field(gt=0.0, le=1.0)


class LimitsSpec(Spec):
    """Bounds on the load put on an engine."""

    parallel: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=300.0, gt=0.0)
    attempts: int = Field(default=3, ge=1, le=20)
    """Tries of one call on transient errors."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)


class EmbeddedSpec(Spec):
    """How the embedded engine serves its model. None of it changes what is asked; memory is taken for all slots at once."""

    slots: int = Field(default=16, ge=1, le=256)
    """Prompts worked on side by side."""
    context_tokens: int = Field(default=2048, ge=64, le=1_048_576)
    """Longest prompt with its reply, in tokens; at most what the model was trained for is used."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """Processor threads; all that the process may use where left out. Fewer are faster beside other busy programs."""


class InferenceSpec(Spec):
    """Which engine and model answer, and how texts are sampled."""

    model_config = ConfigDict(hide_input_in_errors=True)

    engine: Literal["embedded", "scripted", "openai", "vllm", "transformers"] = "embedded"
    model: Annotated[Annotated[str, Tag("<text>")] | Annotated[tuple[ModelShare, ...], Tag("<list>")], BY_KIND] = "smollm2-135m"
    """A model name, a path to a ``.gguf`` file, or several models with shares."""
    embedded: EmbeddedSpec | None = None
    """Settings of the embedded engine (``engine: embedded``; a scripted stand-in takes no notice of them)."""
    profiles: dict[Literal["say", "sample"], SamplingSpec] = Field(default_factory=dict)
    limits: LimitsSpec = LimitsSpec()
    budget: dict[str, Any] = Field(default_factory=dict)
    base_url: str | None = None
    key: str | None = None
    """Name of the environment variable that holds the key; never the key."""

    @field_validator("embedded")
    @classmethod
    def _of_this_engine(cls, value: EmbeddedSpec | None, info: ValidationInfo) -> EmbeddedSpec | None:
        engine = info.data.get("engine", "embedded")
        if value is not None and engine not in ("embedded", "scripted"):
            raise ValueError(
                f"these are settings of the embedded engine, and the engine is {engine}. "
                "Leave them out, or write engine: embedded"
            )
        return value

    @field_validator("key")
    @classmethod
    def _a_name(cls, value: str | None) -> str | None:
        """The value itself is never repeated: it may be a key written here by mistake."""
        if value is not None and (not _VARIABLE.match(value) or _KEY_LIKE.match(value)):
            raise ValueError(
                "this is not the name of an environment variable (its value is not shown, as it may be a key). "
                "Put the key into an environment variable and write that variable's name, e.g. OPENAI_API_KEY"
            )
        return value

    @field_validator("base_url")
    @classmethod
    def _no_credentials(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^\s/@?#]+(/[^\s@?#]*)?\Z", value):
            raise ValueError(
                "this is not a plain address (its value is not shown). "
                "Write http://host:port/v1 or https://host/v1, without a user name, password or query"
            )
        return value
