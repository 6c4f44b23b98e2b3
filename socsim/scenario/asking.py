"""What is asked and in which words: items, readouts and prompts, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from socsim.scenario.base import BY_KIND, Spec, kind_of

__all__ = [
    "AnyOf",
    "FileText",
    "ItemSpec",
    "ItemTableSpec",
    "PromptText",
    "PromptsSpec",
    "RandomOrders",
    "ReadoutSpec",
    "Strict",
    "TableRef",
]

Strict = Annotated[str, Field(strict=True)]
Method = Literal["logprob", "cloze", "sample", "verbalized", "verbalized_sampling", "expert", "text", "number"]
LabelSet = Literal["letters", "lower_letters", "digits", "roman"]


class FileText(Spec):
    """Text that stands in a file of its own, beside the scenario."""

    file: str


TextOrFile = Annotated[Annotated[str, Tag("<text>")] | Annotated[FileText, Tag("<mapping>")], BY_KIND]


class AnyOf(Spec):
    """Several wordings, crossed with agents."""

    any_of: tuple[TextOrFile, ...] = Field(min_length=2)
    per_agent: int = Field(default=1, ge=1)


def _prompt_kind(value: Any) -> str:
    several = "any_of" in value if isinstance(value, dict) else isinstance(value, AnyOf)
    return "<variants>" if several else f"<{kind_of(value)}>"


PromptText = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[FileText, Tag("<mapping>")] | Annotated[AnyOf, Tag("<variants>")],
    Discriminator(_prompt_kind),
]


class RandomOrders(Spec):
    """``{random: k}``: k orders drawn once per item, the same for all agents."""

    random: int = Field(ge=1, le=64)


class ReadoutSpec(Spec):
    """How an answer is read from the model."""

    method: Method = "logprob"
    """``logprob``: probabilities of the options' labels, or of whole options; ``cloze``: of whole options in an unfinished
    sentence; ``sample``: the model writes, we parse; ``verbalized``: it states a percentage for every option;
    ``verbalized_sampling``: it gives several answers, each with its probability (Zhang et al. 2025); ``expert``: it forecasts
    how people like this one would answer. Number items: ``number`` (one JSON number) or ``sample``; text items: ``text``."""
    score: Literal["label", "whole_option"] = "label"
    """``logprob`` only: score the label in front of an option, or the option's own text. An engine that scores single tokens
    only is asked for letters instead, and the reading says so."""
    orders: (
        Annotated[
            Annotated[Literal["fixed", "shuffled", "both_directions", "latin_square", "full"], Tag("<text>")]
            | Annotated[RandomOrders, Tag("<mapping>")],
            BY_KIND,
        ]
        | None
    ) = None
    """Orders in which the options are shown, averaged. Ordinal items: ``both_directions`` (default), ``fixed``, or ``shuffled``
    (a direction drawn for every agent and step); nominal ones: ``latin_square`` (default), ``{random: k}``, ``full`` (all
    orders, up to 5 options), ``fixed``, or ``shuffled`` (an order drawn for every agent and step). The draws of ``sample`` take
    turns through declared orders; by default all see the first. ``cloze`` shows no options unless its frame does."""
    labels: tuple[LabelSet, ...] = Field(default=("letters", "digits"), min_length=1)
    """Label sets: averaged where labels are scored, else the first is used."""
    answer_prefix: str = "Answer:"
    """How the reply begins, given to the model: the label or option follows it. An engine that cannot go on from it is asked for
    the label alone instead, and the reading says so. Replies in JSON are begun so in bare text only."""
    frames: tuple[str, ...] = ()
    """``cloze`` only: unfinished sentences with the slot ``{option}``, at which the model goes on."""
    persona_in_frame: bool = True
    """``cloze`` only: put persona and what was seen in front of the frame. Without them everybody is asked the same: what the
    model holds for likely of nobody in particular."""
    style: Literal["chat", "plain"] | None = None
    """Through the chat template or as bare text. Default: chat where the model has a template; cloze: plain."""
    correction: Literal["none", "content_free", "calibrated"] = "none"
    """``content_free``: divide by the probabilities without content (no persona, nothing seen, ``N/A`` for the item's text) and
    renormalise; see Holtzman et al. 2021 and Zhao et al. 2021. ``calibrated``: the same with the mean probabilities of three
    such prompts, ``N/A``, ``[MASK]`` and an empty text (Zhao et al. 2021). Needs no human data."""
    temperature: float = Field(default=1.0, gt=0.0, le=100.0)
    """``logprob`` and ``cloze``: every reading's probabilities become p^(1/T), renormalised, after any correction."""
    draw: Literal["persistent", "fresh"] = "persistent"
    """``persistent``: one uniform number per agent and item, shared by steps and arms; ``fresh``: another one each time."""
    n: int = Field(default=1, ge=1, le=1000)
    """Readouts that let the model write: number of replies, drawn side by side; for percentages, of every order."""
    answers: int = Field(default=5, ge=1, le=50)
    """``verbalized_sampling`` only: answers that one reply gives."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Readouts that let the model write: longest reply; a longer one is cut off and no answer. Where left out, 16 for ``sample``,
    256 for ``text``, and for the others what their form needs."""


class ItemSpec(Spec):
    """One question."""

    type: Literal["nominal", "ordinal", "number", "text"]
    text: str | None = None
    text_file: str | None = None
    """File beside the scenario that holds the text, instead of ``text``."""
    options: tuple[str, ...] = ()
    """Answers, for ordinal items in scale order from low to high."""
    values: tuple[float, ...] | None = None
    """Numbers that stand for the options; 1, 2, 3 … where not given (for options that are numbers: these numbers)."""
    non_answers: tuple[str, ...] = ()
    """Valid ways not to answer, such as "don't know"; offered after the options, never a failure."""
    cloze_options: tuple[str, ...] | None = None
    """The options as they read inside the unfinished sentence, in the same order (non-answers included)."""
    end_points_only: bool = False
    """Print only the first and last option beside their labels."""
    range: tuple[float, float] | None = None
    """Number items: smallest and largest valid answer, both included."""
    unit: str | None = None
    truth: float | None = None
    """Number items: the true value, if there is one; never shown."""
    right: str | None = None
    """Items with options: the option that is right, if there is one; never shown."""
    signal: float | None = None
    """Number items: a value that ``estimates`` may show as if it came from others."""
    readout: ReadoutSpec = ReadoutSpec()


class TableRef(Spec):
    """A table: the name of one declared under ``tables``, or a CSV or Parquet file beside the scenario."""

    table: str


class ItemTableSpec(Spec):
    """Items made from the rows of a table: ``id`` names the item; columns named like a field of an item fill it."""

    for_each: TableRef
    template: dict[str, Any]
    """The item, with ``{column}`` slots in its texts."""


class PromptsSpec(Spec):
    """The user's own wording. What is not given is our versioned default (``socsim.prompts.DEFAULTS``)."""

    system: PromptText | None = None
    """Slots: ``{persona}``."""
    seen: PromptText | None = None
    """Around the messages seen. Slots: ``{messages}``."""
    message: PromptText | None = None
    """One message seen. Slots: ``{author}``, ``{text}``."""
    own_message: PromptText | None = None
    """The agent's own last message. Slots: ``{text}``."""
    own_answer: PromptText | None = None
    """The agent's own last answer. Slots: ``{item}``, ``{option}``."""
    news: PromptText | None = None
    """News of an intervention. Slots: ``{text}``."""
    recalled: PromptText | None = None
    """What the agent's memory brings up, one thing a line. Slots: ``{memories}``."""
    nothing_seen: PromptText | None = None
    """Stands instead of ``seen`` where there is nothing to see; empty by default."""
    ask: PromptText | None = None
    """A closed item. Slots: ``{item}``, ``{options}``."""
    ask_whole: PromptText | None = None
    """A closed item whose options are scored whole, shown without labels. Slots: ``{item}``, ``{options}``."""
    ask_open: PromptText | None = None
    """A number item read by ``sample``. Slots: ``{item}``, ``{unit}``, ``{low}``, ``{high}``."""
    option: PromptText | None = None
    """One option line. Slots: ``{label}``, ``{option}``."""
    plain_option: PromptText | None = None
    """One option line without a label. Slots: ``{option}``."""
    scale: PromptText | None = None
    """Instead of the option lines, for items with ``end_points_only``. Slots: ``{first_label}``, ``{first}``,
    ``{last_label}``, ``{last}``."""
    complete: PromptText | None = None
    """``cloze`` through the chat template: the request to complete the sentence. Slots: ``{sentence}``."""
    say: PromptText | None = None
    """The request to write a public message. Slots: ``{topic}``."""
    say_prefix: PromptText | None = None
    """How every message begins: given to the model, which goes on from there, and part of the message."""
    speak: PromptText | None = None
    """Whether somebody writes at all, where a phase lets people keep silent. Slots: ``{topic}``."""
    speak_yes: PromptText | None = None
    speak_no: PromptText | None = None
    """The two answers to it."""
    narrative: PromptText | None = None
    """Bare-text layout in front of a cloze frame. Slots: ``{persona}``, ``{seen}``, ``{own}``."""
    label_only: PromptText | None = None
    """Follows ``ask`` where the engine cannot be given the beginning of the reply. No slots."""
    ask_number: PromptText | None = None
    """A number item read by ``number``. Slots: ``{item}``, ``{unit}``, ``{low}``, ``{high}``, ``{form}``."""
    ask_text: PromptText | None = None
    """A text item. Slots: ``{item}``."""
    ask_percent: PromptText | None = None
    """``verbalized``. Slots: ``{item}``, ``{options}``, ``{form}``."""
    ask_candidates: PromptText | None = None
    """``verbalized_sampling``. Slots: ``{item}``, ``{options}``, ``{answers}``, ``{form}``."""
    expert_system: PromptText | None = None
    """``expert``: the system message, without a persona. No slots."""
    expert_group: PromptText | None = None
    """``expert``: whose answers are forecast. Slots: ``{persona}``, which are the facts as a list where the persona is otherwise
    put in the second or first person."""
    expert_population: PromptText | None = None
    """``expert``: stands instead of ``expert_group`` where nothing is known of anybody. No slots."""
    expert_shown: PromptText | None = None
    """``expert``: what these people have read before they answer. Slots: ``{own}``, ``{seen}``."""
    ask_expert: PromptText | None = None
    """``expert``: the question. Slots: ``{item}``, ``{options}``, ``{form}``."""
    ask_as: PromptText | None = None
    """A reply in the form of a class (``SocialAgent.ask_as``). Slots: ``{request}``, ``{schema}``."""
    repair: PromptText | None = None
    """Follows the question when a reply that cannot be read is shown again (``failures.repair``). Slots: ``{reply}``,
    ``{error}``."""
