"""What a benchmark ran on, and what the hardware could do at best: part of every benchmark's JSON.

Knows files and programs of the system, and published peak figures of some GPUs; nothing of models or engines.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["GPUS", "Gpu", "find_gpus", "hardware", "known_gpu", "processors"]


@dataclass(frozen=True, slots=True)
class Gpu:
    """Peak figures of a GPU: dense 16-bit arithmetic with 32-bit accumulation, and memory bandwidth."""

    name: str
    peak_tflops: float
    memory_gbps: float
    source: str


_H100 = "NVIDIA H100 Tensor Core GPU data sheet (sparse figure halved)"
_H200 = "NVIDIA H200 Tensor Core GPU data sheet (sparse figure halved)"
_A100 = "NVIDIA A100 Tensor Core GPU data sheet"
_L40S = "NVIDIA L40S data sheet (sparse figure halved)"
_ADA = "NVIDIA Ada GPU Architecture white paper, appendix A"

GPUS: dict[str, Gpu] = {
    "h200": Gpu("H200 SXM 141GB", 989.0, 4800.0, _H200),
    "h100-nvl": Gpu("H100 NVL 94GB", 835.0, 3900.0, _H100),
    "h100-pcie": Gpu("H100 PCIe 80GB", 756.0, 2000.0, _H100),
    "h100": Gpu("H100 SXM 80GB", 989.0, 3350.0, _H100),
    "a100-pcie-40": Gpu("A100 PCIe 40GB", 312.0, 1555.0, _A100),
    "a100-pcie": Gpu("A100 PCIe 80GB", 312.0, 1935.0, _A100),
    "a100-40": Gpu("A100 SXM 40GB", 312.0, 1555.0, _A100),
    "a100": Gpu("A100 SXM 80GB", 312.0, 2039.0, _A100),
    "l40s": Gpu("L40S 48GB", 362.0, 864.0, _L40S),
    "4090": Gpu("GeForce RTX 4090 24GB", 165.2, 1008.0, _ADA),
}
"""By the name that ``--gpu`` takes; the longer names first, as `known_gpu` takes the first that fits."""


def known_gpu(name: str) -> Gpu | None:
    """The row of `GPUS` for a name given by hand or by the driver, such as "NVIDIA H100 80GB HBM3"; None where there is none."""
    words = set(re.split(r"[^a-z0-9]+", name.lower())) | ({"40"} if re.search(r"\b40 ?gb\b", name.lower()) else set())
    for key, gpu in GPUS.items():
        if set(key.split("-")) <= words:
            return gpu
    return None


def find_gpus() -> list[dict[str, Any]]:
    """The GPUs that the driver's program lists; empty where there is none."""
    query = "--query-gpu=name,memory.total,driver_version,power.limit"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return read_gpu_list(done.stdout) if done.returncode == 0 else []


def read_gpu_list(text: str) -> list[dict[str, Any]]:
    """GPUs from the comma-separated lines of ``nvidia-smi``."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 4:
            name, memory, driver, power = cells
            found.append({"name": name, "memory_mib": _number(memory), "driver": driver, "power_limit_w": _number(power)})
    return found


def processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def hardware() -> dict[str, Any]:
    """Processor, cores, memory and GPUs of this machine."""
    return {
        "processor": _processor_name(),
        "cores": os.cpu_count(),
        "cores_usable": processors(),
        "memory_gib": _memory_gib(),
        "gpus": find_gpus(),
    }


def _processor_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
