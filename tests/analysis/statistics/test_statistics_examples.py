"""The examples in the docstrings of the statistics hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
import socsim_analysis.statistics


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(socsim_analysis.statistics.__path__)])
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"socsim_analysis.statistics.{name}")).failed == 0


def test_what_the_package_offers_is_there_and_explained() -> None:
    for name in socsim_analysis.statistics.__all__:
        assert (getattr(socsim_analysis.statistics, name).__doc__ or "").strip(), name
    modules = {module.name for module in pkgutil.iter_modules(socsim_analysis.statistics.__path__)}
    assert not modules & set(socsim_analysis.statistics.__all__)
