"""Large populations in arrays: graphs, rules, values by step in columns; no Python object for any agent or tie."""

from socsim.crowds.columns import ColumnLog, read_columns
from socsim.crowds.crowd import Acting, Crowd, Measure
from socsim.crowds.files import read_neighbours, to_networkx, write_neighbours
from socsim.crowds.generators import (
    barabasi_albert,
    configuration_model,
    erdos_renyi,
    grid,
    random_regular,
    ring,
    stochastic_block_model,
    watts_strogatz,
)
from socsim.crowds.pairs import neighbours_from_pairs

__all__ = [
    "Acting",
    "ColumnLog",
    "Crowd",
    "Measure",
    "barabasi_albert",
    "configuration_model",
    "erdos_renyi",
    "grid",
    "neighbours_from_pairs",
    "random_regular",
    "read_columns",
    "read_neighbours",
    "ring",
    "stochastic_block_model",
    "to_networkx",
    "watts_strogatz",
    "write_neighbours",
]
