"""What goes where on a cluster is planned without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from socsim import Scenario, ScenarioError
from socsim.clusters.planning import Need, Node, OnRay, bundles, check_inference, needs_of, place_engines, place_named
from socsim.errors import ClusterError
from socsim.inference.manner import Manner
from socsim.runner import build_worlds
from socsim.scenario.engines import InferenceSpec
from socsim.scenario.sweeping import unfolded

Make = Callable[..., Scenario]


def spec(**inference: object) -> InferenceSpec:
    return InferenceSpec.model_validate(inference)


def test_a_place_has_a_name() -> None:
    assert place_named("ray") == OnRay()
    assert place_named("ray://head:10001", 4) == OnRay("ray://head:10001", engines=4)
    assert place_named(OnRay(engines=2)) == OnRay(engines=2)
    for wrong in ("slurm", "ray://", "", "ray:head"):
        with pytest.raises(ClusterError, match="no place"):
            place_named(wrong)


def test_worlds_go_alone_and_yoked_ones_with_the_world_that_they_show(make_debate: Make) -> None:
    scenario = make_debate(replicates=3, arms=["treatment", "alone", {"yoked": {"world": "other_replicate"}}])
    found = bundles(build_worlds(scenario, None, Manner()))
    alone = [("alone", 0), ("alone", 1), ("alone", 2)]
    yoked = [(("treatment", number), ("yoked", (number - 1) % 3)) for number in range(3)]
    assert sorted(found) == sorted([*((key,) for key in alone), *yoked])


def test_in_a_sweep_a_yoked_world_goes_with_one_of_its_own_point(make_debate: Make) -> None:
    swept = make_debate(
        replicates=2,
        arms=["treatment", {"yoked": {"world": "other_replicate"}}],
        sweep={"vary": {"phases.talk.interaction.at_most": [1, 3]}},
    )
    found = bundles(build_worlds(unfolded(swept), None, Manner()))
    assert len(found) == 4
    for (arm, replicate), (yoked, other) in found:
        assert arm.removeprefix("treatment") == yoked.removeprefix("yoked")
        assert {replicate, other} == {0, 1}


def test_a_yoked_world_without_another_replicate_is_refused(make_debate: Make) -> None:
    scenario = make_debate(arms=["treatment", {"yoked": {"world": "other_replicate"}}])
    with pytest.raises(ScenarioError, match="Set replicates to 2"):
        bundles(build_worlds(scenario, None, Manner()))


@pytest.mark.parametrize(
    ("inference", "gpus", "need"),
    [
        ({"engine": "scripted"}, True, None),
        ({"engine": "openai", "base_url": "http://host/v1", "endpoint": {"kind": "vllm"}}, True, None),
        ({"engine": "embedded"}, True, Need(1.0)),
        ({"engine": "embedded", "embedded": {"threads": 4}}, False, Need(4.0)),
        ({"engine": "vllm", "vllm": {"tensor_parallel_size": 2, "data_parallel_size": 3}}, True, Need(1.0, 6.0)),
        ({"engine": "transformers"}, False, Need(1.0)),
        ({"engine": "transformers"}, True, Need(1.0, 1.0)),
        ({"engine": "transformers", "transformers": {"device": "cpu"}}, True, Need(1.0)),
        ({"engine": "vllm", "model": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}]}, True, Need(2.0, 2.0)),
    ],
)
def test_what_an_engine_takes_follows_from_its_settings(inference: dict[str, object], gpus: bool, need: Need | None) -> None:
    assert needs_of(spec(**inference), OnRay(), gpus=gpus) == need


def test_adapters_of_one_model_take_no_more_than_the_model() -> None:
    parts = [{"name": "a", "share": 0.5, "called": name, "adapter": name} for name in ("left", "right")]
    assert needs_of(spec(engine="vllm", model=parts), OnRay(), gpus=True) == Need(1.0, 1.0)


def test_what_the_user_says_of_engines_counts_more() -> None:
    assert needs_of(spec(engine="scripted"), OnRay(engines=2), gpus=False) == Need(1.0)
    assert needs_of(spec(engine="vllm"), OnRay(engine_cpus=8.0, engine_gpus=0.5), gpus=True) == Need(8.0, 0.5)


def test_engines_stand_on_every_node_that_has_room() -> None:
    nodes = [Node("a", 8, 2), Node("b", 8, 0), Node("c", 8, 4)]
    assert place_engines(nodes, Need(1, 2), OnRay()) == ["a", "c"]
    assert place_engines(nodes, Need(1, 2), OnRay(engines=3)) == ["a", "c", "c"]
    assert place_engines(nodes, Need(0, 0), OnRay()) == ["a", "b", "c"]


def test_room_for_a_world_stays() -> None:
    nodes = [Node("a", 1), Node("b", 1)]
    assert place_engines(nodes, Need(1), OnRay()) == ["a"]
    with pytest.raises(ClusterError, match="do not fit"):
        place_engines(nodes, Need(1), OnRay(engines=2))
    with pytest.raises(ClusterError, match="do not fit"):
        place_engines(nodes[:1], Need(1), OnRay())
    assert place_engines(nodes[:1], Need(0.5), OnRay(world_cpus=0.5)) == ["a"]


@pytest.mark.parametrize("nodes", [[], [Node("a", 64)], [Node("a", 0.5, 1)]])
def test_engines_that_fit_nowhere_are_refused_with_what_there_is(nodes: list[Node]) -> None:
    with pytest.raises(ClusterError, match=r"no nodes|64 processors, 0 GPUs|0\.5 processors, 1 GPUs"):
        place_engines(nodes, Need(1, 1), OnRay())


def test_jobs_of_a_provider_are_not_sent_from_a_cluster(make_debate: Make) -> None:
    check_inference(make_debate().inference)
    with pytest.raises(ScenarioError, match=r"inference\.batch"):
        check_inference(spec(engine="openai", batch={}))


def test_how_a_cluster_is_used_can_be_changed() -> None:
    assert replace(OnRay(), world_cpus=0.25).world_cpus == 0.25
