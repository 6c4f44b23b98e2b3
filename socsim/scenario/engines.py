"""Which engine and model answer, how texts are sampled, and the bounds on load, time and money, as declared."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Tag, ValidationInfo, field_validator

from socsim.scenario.base import BY_KIND, Spec

__all__ = [
    "BatchSpec",
    "BudgetSpec",
    "EmbeddedSpec",
    "EndpointSpec",
    "EngineName",
    "InferenceSpec",
    "LimitsSpec",
    "ModelShare",
    "PriceSpec",
    "SamplingSpec",
    "SteeringSpec",
    "TransformersSpec",
    "VllmSpec",
]

EngineName = Literal["embedded", "scripted", "openai", "vllm", "transformers"]
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}\Z")
_KEY_LIKE = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}\Z")
_ADDRESS = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?\Z")
_SETTINGS_OF = {
    "embedded": "embedded",
    "endpoint": "openai",
    "base_url": "openai",
    "key": "openai",
    "env_file": "openai",
    "batch": "openai",
    "vllm": "vllm",
    "transformers": "transformers",
}
"""Parts that only one engine takes notice of; a scripted stand-in may leave them where they are."""


class SamplingSpec(Spec):
    """Sampling of one kind of call; see `socsim.inference.types.SamplingParams`."""

    temperature: float = Field(default=1.0, ge=0.0, le=5.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0)
    min_p: float = Field(default=0.0, ge=0.0, le=1.0)
    repetition_penalty: float = Field(default=1.0, gt=0.0, le=3.0)


class LimitsSpec(Spec):
    """Bounds on the load put on an engine."""

    parallel: int | None = Field(default=None, ge=1)
    """Calls in flight at most; where left out, twice the number that the engine serves at once."""
    adapt: bool = True
    """Fewer calls in flight after a refusal for load or a timeout (half), slowly more again while all goes well."""
    timeout_s: float = Field(default=300.0, gt=0.0)
    """Longest time of one attempt."""
    deadline_s: float | None = Field(default=None, gt=0.0)
    """Longest time of a whole run; what is left then is resumed later."""
    attempts: int = Field(default=3, ge=1, le=20)
    """Tries of one call on transient errors."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)


class BudgetSpec(Spec):
    """Caps on a whole run, over all its processes. A run that reaches one stops cleanly as incomplete; raise it and resume."""

    usd: float | None = Field(default=None, gt=0.0)
    """Money, by the price table or by ``prices``; refused where no price is known."""
    tokens: int | None = Field(default=None, ge=1)
    """Prompt and completion tokens together, cached ones included."""
    calls: int | None = Field(default=None, ge=1)
    """Calls made, further attempts included."""
    hours: float | None = Field(default=None, gt=0.0)


class PriceSpec(Spec):
    """What an endpoint charges, in US dollars per million tokens."""

    input: float = Field(ge=0.0)
    output: float = Field(ge=0.0)
    cached_input: float | None = Field(default=None, ge=0.0)
    """Prompt tokens from the provider's cache; the price of ``input`` where left out."""
    batch_discount: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share taken off where calls go through the provider's batch endpoint."""


class BatchSpec(Spec):
    """Calls of a step go through the provider's batch endpoint: cheaper, and answered within hours."""

    poll_s: float = Field(default=30.0, gt=0.0)
    window_h: int = Field(default=24, ge=1)
    """Completion window asked for, in hours."""
    most: int = Field(default=50_000, ge=1)
    """Calls in one batch at most."""


class EmbeddedSpec(Spec):
    """How the embedded engine serves its model. None of it changes what is asked; memory is taken for all slots at once."""

    slots: int = Field(default=16, ge=1, le=256)
    """Prompts worked on side by side."""
    context_tokens: int = Field(default=2048, ge=64, le=1_048_576)
    """Longest prompt with its reply, in tokens; at most what the model was trained for is used."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """Processor threads; all that the process may use where left out. Fewer are faster beside other busy programs."""


class EndpointSpec(Spec):
    """What kind of server stands behind ``base_url``. It is declared, never guessed."""

    kind: Literal["hosted", "vllm", "sglang", "ollama", "llama_server"] = "hosted"
    """``hosted``: a provider's API, through its own client; the others are local servers on the same wire format."""
    api: Literal["chat", "completions"] = "chat"
    """``completions`` sends bare text (base models) or, with ``tokenizer``, token ids."""
    tokenizer: str | None = None
    """File ``tokenizer.json`` of the model, beside the scenario: texts are then tokenised here, user text without control tokens,
    and ids are sent (``api: completions``). With ``kind: vllm``, whole options are then scored exactly, not labels."""
    parallel: int = Field(default=64, ge=1, le=65_536)
    """Requests that one server works on at once (its slots)."""
    context_tokens: int = Field(default=0, ge=0)
    """Longest prompt with its reply; 0: not known."""
    top_logprobs: int = Field(default=20, ge=0, le=1000)
    """Most log-probabilities that the server lists for a token; 0: none, so nothing can be scored."""
    largest_reply_mb: float = Field(default=8.0, gt=0.0, le=1024.0)
    """Larger replies are cut off and count as bad."""


class VllmSpec(Spec):
    """Settings of a vLLM engine in this process; see its documentation of engine arguments."""

    tensor_parallel_size: int = Field(default=1, ge=1)
    data_parallel_size: int = Field(default=1, ge=1)
    max_num_seqs: int = Field(default=256, ge=1)
    max_model_len: int | None = Field(default=None, ge=64)
    gpu_memory_utilization: float = Field(default=0.9, gt=0.0, le=1.0)
    dtype: str = "auto"
    max_loras: int = Field(default=0, ge=0)
    """Adapters used side by side; 0: none."""
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Further engine arguments by name, passed on as they are and part of the engine's identity."""


class TransformersSpec(Spec):
    """Settings of the transformers engine."""

    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    batch: int = Field(default=16, ge=1, le=4096)
    """Prompts computed together, padded to one length."""


class SteeringSpec(Spec):
    """A direction added to the model's hidden states at one layer (``engine: transformers`` only)."""

    vector: str
    """File ``.npy`` beside the scenario with as many numbers as the hidden state has."""
    layer: int = Field(ge=0)
    strength: float = 1.0


class ModelShare(Spec):
    """One model of several, by share of the population. What is left out is as in ``inference``."""

    model_config = ConfigDict(hide_input_in_errors=True)

    name: str
    share: float = Field(ge=0.0, le=1.0)
    """People who begin with it; 0 for a model that only an intervention brings in."""
    called: str | None = None
    """Its name in tables and interventions, where ``name`` would not do, such as for two adapters of one model."""
    adapter: str | None = None
    steering: SteeringSpec | None = None
    engine: EngineName | None = None
    base_url: Annotated[Annotated[str, Tag("<text>")] | Annotated[tuple[str, ...], Tag("<list>")], BY_KIND] | None = None
    endpoint: EndpointSpec | None = None
    key: str | None = None
    embedded: EmbeddedSpec | None = None
    vllm: VllmSpec | None = None
    transformers: TransformersSpec | None = None

    @property
    def label(self) -> str:
        """What it is called."""
        return self.called if self.called is not None else self.name

    def on(self, engine: EngineName) -> ModelShare:
        """The same part on the engine of all; settings of its own that are not of that engine are left out."""
        other = {name: None for name, own in _SETTINGS_OF.items() if hasattr(self, name) and engine not in (own, "scripted")}
        return self.model_copy(update={"engine": None, **other})


class InferenceSpec(Spec):
    """Which engine and model answer, and how texts are sampled."""

    model_config = ConfigDict(hide_input_in_errors=True)

    engine: EngineName = "embedded"
    """``openai`` is any server that speaks OpenAI's wire format; see ``endpoint``."""
    model: Annotated[Annotated[str, Tag("<text>")] | Annotated[tuple[ModelShare, ...], Tag("<list>")], BY_KIND] = "smollm2-135m"
    """A model name, a path to a ``.gguf`` file, or several models with shares."""
    adapter: str | None = None
    """A LoRA adapter of the model: a folder beside the scenario, or the name by which a server knows it."""
    steering: SteeringSpec | None = None
    profiles: dict[Literal["say", "sample"], SamplingSpec] = Field(default_factory=dict)
    limits: LimitsSpec = LimitsSpec()
    budget: BudgetSpec = BudgetSpec()
    prices: PriceSpec | None = None
    """What the endpoint charges, instead of the table of prices."""
    fresh: bool = False
    """Ask everything anew: no reply of another record is used, and equal questions are not one call."""
    share: Literal["archetypes"] | None = None
    """``archetypes``: people with the same persona text whose prompts at a step are word for word the same get one reply. An
    approximation, for large populations: such people are copies where they write, and where they answer by ``sample``; the page
    states the share of decisions that had a call of their own. Left out, everybody is asked."""
    embedded: EmbeddedSpec | None = None
    """Settings of the embedded engine."""
    endpoint: EndpointSpec | None = None
    """What kind of server stands behind ``base_url``."""
    base_url: Annotated[Annotated[str, Tag("<text>")] | Annotated[tuple[str, ...], Tag("<list>")], BY_KIND] | None = None
    """Address of a server, ``http://host:port/v1``, or of several that serve the same model."""
    key: str | None = None
    """Name of the environment variable that holds the key; never the key."""
    env_file: str | None = None
    """A file of lines ``NAME=value`` beside the scenario in which the key is looked up too; never copied into a run."""
    batch: BatchSpec | None = None
    """Use the provider's batch endpoint."""
    vllm: VllmSpec | None = None
    transformers: TransformersSpec | None = None

    @field_validator(*_SETTINGS_OF)
    @classmethod
    def _of_this_engine(cls, value: Any, info: ValidationInfo) -> Any:
        engine, own = info.data.get("engine", "embedded"), _SETTINGS_OF[str(info.field_name)]
        if value is not None and engine not in (own, "scripted"):
            raise ValueError(
                f"these are settings of the {own} engine, and the engine is {engine}. Leave them out, or write engine: {own}"
            )
        return value

    @field_validator("share")
    @classmethod
    def _not_fresh(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("fresh"):
            raise ValueError("fresh: true asks everything anew, so no reply can be shared. Leave one of the two out")
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
    def _no_credentials(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        addresses = (value,) if isinstance(value, str) else value or ()
        if not all(_ADDRESS.match(address) for address in addresses):
            raise ValueError(
                "this is not a plain address (its value is not shown). "
                "Write http://host:port/v1 or https://host/v1, without a user name, password or query"
            )
        return value

    @property
    def labels(self) -> tuple[str, ...]:
        """What the models are called."""
        return (self.model,) if isinstance(self.model, str) else tuple(part.label for part in self.model)

    @property
    def models(self) -> dict[str, InferenceSpec]:
        """Every model by what it is called, with the settings that hold for it alone.

        Raises:
            pydantic.ValidationError: settings of one are not of its engine.
        """
        if isinstance(self.model, str):
            return {self.model: self}
        return {part.label: self._alone(part) for part in self.model}

    def _alone(self, part: ModelShare) -> InferenceSpec:
        given = part.model_dump(exclude={"name", "share", "called"}, exclude_none=True)
        engine = part.engine or self.engine
        shared = self.model_dump(exclude={"model"}, exclude_none=True)
        fitting = {name: value for name, value in shared.items() if engine in (_SETTINGS_OF.get(name, engine), "scripted")}
        if engine not in (self.engine, "scripted"):  # they are of the other engine's model
            fitting = {name: value for name, value in fitting.items() if name not in ("adapter", "steering")}
        return InferenceSpec.model_validate({**fitting, **given, "model": part.name})

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of ``base_url``, one or several."""
        return (self.base_url,) if isinstance(self.base_url, str) else self.base_url or ()
