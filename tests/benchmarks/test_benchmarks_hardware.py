"""The machine is described, and GPUs are known by their names, whoever writes them."""

from __future__ import annotations

import json

import pytest

from benchmarks.hardware import GPUS, hardware, known_gpu, read_gpu_list


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("NVIDIA H100 NVL", "h100-nvl"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA A100-SXM4-80GB", "a100"),
        ("NVIDIA A100-SXM4-40GB", "a100-40"),
        ("NVIDIA A100 80GB PCIe", "a100-pcie"),
        ("NVIDIA A100-PCIE-40GB", "a100-pcie-40"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA GeForce RTX 4090", "4090"),
        *((key, key) for key in GPUS),
    ],
)
def test_drivers_names_and_our_own_find_the_row(name: str, key: str) -> None:
    assert known_gpu(name) is GPUS[key]


@pytest.mark.parametrize("name", ["NVIDIA L40", "Radeon", "", "NVIDIA H1000", "NVIDIA RTX 4090000"])
def test_other_gpus_are_not_known(name: str) -> None:
    assert known_gpu(name) is None


def test_lines_of_the_drivers_program_are_read() -> None:
    lines = "NVIDIA H100 80GB HBM3, 81559, 550.54, 700.00\nNVIDIA L40S, 46068, 550.54, [N/A]\nno devices\n"
    assert read_gpu_list(lines) == [
        {"name": "NVIDIA H100 80GB HBM3", "memory_mib": 81559.0, "driver": "550.54", "power_limit_w": 700.0},
        {"name": "NVIDIA L40S", "memory_mib": 46068.0, "driver": "550.54", "power_limit_w": None},
    ]


def test_the_machine_fits_into_json() -> None:
    found = json.loads(json.dumps(hardware()))
    assert found["processor"]
    assert 1 <= found["cores_usable"] <= found["cores"]
    assert found["memory_gib"] > 0.1
