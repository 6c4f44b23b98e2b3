from __future__ import annotations

from socsim.inference.manner import Manner, manner_of, manner_recorded
from socsim.inference.scripted import ScriptedEngine


def test_an_engine_is_asked_as_it_can_be() -> None:
    able = ScriptedEngine(able={"chat": False, "prefill": False, "whole_options": False, "constrained": True}).capabilities()
    assert manner_of(able) == Manner("plain", prefill=False, whole_options=False, constrained=True)
    assert manner_of(ScriptedEngine().capabilities()).style == "chat"


def test_what_is_recorded_is_found_again() -> None:
    manner = Manner("plain", prefill=False, whole_options=False, constrained=False)
    assert manner_recorded(manner.as_recorded()) == manner


def test_a_manifest_that_names_the_style_alone_means_an_engine_that_can_it_all() -> None:
    assert manner_recorded({"style": "plain"}) == Manner("plain")
