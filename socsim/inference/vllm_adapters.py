"""LoRA adapters beside a scenario, as vLLM wants them: checked, numbered, and with room for the largest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from socsim.errors import Problem, Rejected, ScenarioError

__all__ = ["Adapters"]

_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM can be set to."""


class Adapters:
    """The adapters of one model.

    Args:
        folder: folder of the scenario, in which they are looked up.
        most: adapters used side by side at most; 0: none.
    """

    def __init__(self, folder: Path | None, *, most: int) -> None:
        self.most = most
        self._folder = folder or Path()
        self._numbers: dict[str, int] = {}

    def check(self, adapter: str) -> Path:
        """Where an adapter is.

        Raises:
            ScenarioError: there is none of this name.
        """
        place = self._folder / adapter
        if not (place / "adapter_config.json").is_file():
            fix = "Name the folder that holds its adapter_config.json, beside the scenario"
            raise ScenarioError(Problem(f"{place} is no LoRA adapter", "inference.adapter", fix=fix))
        return place

    def arguments(self, adapter: str | None) -> dict[str, Any]:
        """vLLM's engine arguments for adapters, with room for the one that is named."""
        if self.most == 0:
            return {}
        rank = _rank(self.check(adapter)) if adapter is not None else 16
        room = next((one for one in _RANKS if one >= rank), _RANKS[-1])
        return {"enable_lora": True, "max_loras": self.most, "max_lora_rank": room}

    def request(self, adapter: str) -> Any:
        """What goes with a call that wants an adapter; None where it wants none.

        Raises:
            Rejected: there is no such adapter, or there are to be none.
        """
        if not adapter:
            return None
        if self.most == 0:
            raise Rejected("this engine has no adapters; set inference.vllm.max_loras")
        try:
            place = self.check(adapter)
        except ScenarioError as error:
            raise Rejected(str(error)) from error
        from vllm.lora.request import LoRARequest

        return LoRARequest(adapter, self._numbers.setdefault(adapter, len(self._numbers) + 1), str(place.resolve()))


def _rank(place: Path) -> int:
    try:
        return int(json.loads((place / "adapter_config.json").read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScenarioError(Problem(f"{place / 'adapter_config.json'} cannot be read: {error}", "inference.adapter")) from error
