"""A run against a finding, and the findings themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_run import fake_run, money_run
from socsim_analysis.comparing import compare_distribution
from socsim_analysis.findings import DistributionFinding, known_findings, load_finding


def test_every_finding_loads_and_names_its_source() -> None:
    for name in known_findings():
        finding = load_finding(name)
        assert finding.finding == name
        assert finding.source
        assert finding.verification
        assert sum(finding.probabilities) == pytest.approx(1.0)


def test_unknown_finding_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"money_request\.basic"):
        load_finding("money_request.costless")


def test_inconsistent_finding_is_refused() -> None:
    data = load_finding("money_request.basic").model_dump()
    with pytest.raises(ValueError, match="sum to about 100"):
        DistributionFinding.model_validate(data | {"percent": (1.0,) * 10})
    with pytest.raises(ValueError, match="name no option"):
        DistributionFinding.model_validate(data | {"references": {"always 10": {"always": "10"}}})


def test_run_with_the_human_distribution_is_at_distance_zero() -> None:
    comparison = compare_distribution(money_run(), load_finding("money_request.basic"))
    assert comparison is not None
    assert comparison.exact_distances == pytest.approx({"tv": 0.0, "w1": 0.0, "js": 0.0}, abs=1e-6)
    assert comparison.one_sample["tv"].mean == pytest.approx(0.093, abs=0.002)
    assert comparison.two_samples["tv"].p95 == pytest.approx(0.204, abs=0.006)
    assert 0.0 < comparison.drawn_distances["tv"] < comparison.two_samples["tv"].p95
    assert comparison.references["uniform"]["tv"] == pytest.approx(0.44)
    assert comparison.references["always 19"]["tv"] == pytest.approx(0.88)
    assert comparison.n_drawn == 108


def test_uniform_run_is_at_the_distance_of_the_uniform_row() -> None:
    comparison = compare_distribution(money_run(percent=(10,) * 10), load_finding("money_request.basic"))
    assert comparison is not None
    assert comparison.exact_distances == pytest.approx(dict(comparison.references["uniform"]))


def test_failed_answers_are_missing_not_an_option() -> None:
    run = money_run()
    rows = run.responses.copy()
    rows.loc[:7, "status"] = "failed"
    comparison = compare_distribution(replace(run, responses=rows), load_finding("money_request.basic"))
    assert comparison is not None
    assert (comparison.n_drawn, comparison.missing) == (100, 8)
    rows["status"] = "failed"
    assert compare_distribution(replace(run, responses=rows), load_finding("money_request.basic")) is None


def test_scenario_without_the_options_is_refused() -> None:
    with pytest.raises(ValueError, match="exactly one item"):
        compare_distribution(fake_run(), load_finding("money_request.basic"))
