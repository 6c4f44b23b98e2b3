"""Model files: which are known by name, where they are kept, how they get there and whether they are sound."""

from socsim.models.catalog import CATALOG, DEFAULT_MODEL, DerivedModel, HubModel, IndexModel
from socsim.models.finding import check_model, find_model, model_path, pull_model

__all__ = [
    "CATALOG",
    "DEFAULT_MODEL",
    "DerivedModel",
    "HubModel",
    "IndexModel",
    "check_model",
    "find_model",
    "model_path",
    "pull_model",
]
