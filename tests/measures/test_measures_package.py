"""The package as a whole: examples give what they say, importing is light."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
import types

import pytest

import socsim.measures

MODULES = sorted(module.name for module in pkgutil.iter_modules(socsim.measures.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    module = importlib.import_module(f"socsim.measures.{name}")
    assert doctest.testmod(module).failed == 0


def test_every_public_function_has_an_example_and_a_source_or_formula() -> None:
    assert sorted(socsim.measures.__all__) == list(socsim.measures.__all__)
    for name in socsim.measures.__all__:
        value = getattr(socsim.measures, name)
        assert not isinstance(value, types.ModuleType)
        if isinstance(value, types.FunctionType):
            assert "Example:" in (value.__doc__ or ""), name


def test_importing_loads_no_heavy_library() -> None:
    code = "import sys, socsim.measures; print([m for m in ('pandas', 'scipy', 'networkx', 'statsmodels') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_measuring_loads_neither_pandas_nor_statsmodels() -> None:
    code = (
        "import sys, numpy as np, socsim.measures as m\n"
        "m.fit_rule([0, 1, 0, 1, 1, 0], {'x': [0, 1, 1, 0, 1, 0]}, range(6))\n"
        "m.fit_response_curve([0, 1, 0, 1, 1, 0], [-1, 1, 1, -1, 1, -1])\n"
        "m.random_walk_controversy([0, 0, 1, 1], [0, 1, 2, 3], [1, 0, 3, 2], hubs=1)\n"
        "print([name for name in ('pandas', 'networkx', 'statsmodels') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
