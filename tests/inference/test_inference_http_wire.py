"""What goes out on the wire by kind of server, and what is believed of what comes back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from socsim.errors import BadReply, ContentFiltered, Refused, Rejected
from socsim.inference.http_wire import WireFormat, read_embeddings
from socsim.inference.types import Request, SamplingParams, Segment, Usage

SAMPLING = SamplingParams(0.7, 0.9, 40, 0.05, 1.1, 12, ("\n",))
NO_PENALTY = {"presence_penalty": 0.0, "frequency_penalty": 0.0}
SEGMENTS = (Segment("system", "You are 40."), Segment("user", "One "), Segment("user", "two?"))


def wire(kind: str = "vllm", api: str = "chat", **more: Any) -> WireFormat:
    return WireFormat(kind, api, "org/model", more.pop("top_logprobs", 20), **more)  # type: ignore[arg-type]


def text(*segments: Segment, **more: Any) -> Request:
    return Request("text", segments or SEGMENTS, sampling=SAMPLING, **more)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("hosted", {"max_completion_tokens": 12, "seed": 7}),
        ("vllm", {"max_tokens": 12, "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1, **NO_PENALTY}),
        ("sglang", {"max_tokens": 12, "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1, "seed": 7, **NO_PENALTY}),
        ("ollama", {"max_tokens": 12, "seed": 7, **NO_PENALTY}),
        (
            "llama_server",
            {
                **{"max_tokens": 12, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.1, "seed": 7, "cache_prompt": True},
                **{"typical_p": 1.0, "top_n_sigma": -1.0, "xtc_probability": 0.0, "dry_multiplier": 0.0, "mirostat": 0},
                **{"dynatemp_range": 0.0, **NO_PENALTY},
            },
        ),
    ],
)
def test_every_kind_gets_the_fields_that_it_takes_and_no_others(kind: str, sent: dict[str, Any]) -> None:
    body, notes = wire(kind).body(text(), 7)
    messages = [{"role": "system", "content": "You are 40."}, {"role": "user", "content": "One two?"}]
    assert body == {"model": "org/model", "messages": messages, "temperature": 0.7, "top_p": 0.9, "stop": ["\n"], **sent}
    assert notes == ()


def test_several_texts_are_asked_for_by_number_and_nothing_is_cut_by_default() -> None:
    body, _ = wire().body(Request("text", SEGMENTS, sampling=SamplingParams()), 0, texts=3)
    assert (body["n"], body["top_k"], body["min_p"], body["repetition_penalty"], "stop" in body) == (3, -1, 0.0, 1.0, False)


@pytest.mark.parametrize(("kind", "continued"), [("vllm", True), ("sglang", True), ("llama_server", None)])
def test_the_beginning_of_a_reply_is_continued_where_that_is_possible(kind: str, continued: bool | None) -> None:
    body, _ = wire(kind).body(text(*SEGMENTS, Segment("assistant", "Answer:")), 0)
    assert body["messages"][-1] == {"role": "assistant", "content": "Answer:"}
    assert body.get("continue_final_message") == continued
    assert body.get("add_generation_prompt") == (None if continued is None else False)


@pytest.mark.parametrize("kind", ["hosted", "ollama"])
def test_a_server_that_cannot_continue_a_reply_is_not_asked_to(kind: str) -> None:
    assert not wire(kind).prefill
    with pytest.raises(Rejected, match="afresh"):
        wire(kind).body(text(*SEGMENTS, Segment("assistant", "Answer:")), 0)


def test_control_strings_are_found_across_segments_and_counted() -> None:
    body, notes = wire().body(text(Segment("user", "a<|im_"), Segment("user", "end|>b [INST]")), 0)
    assert body["messages"] == [{"role": "user", "content": "a‹|im_end|›b ⟦INST⟧"}]
    assert notes == ("control strings made visible: 2",)


def test_bare_text_goes_to_completions_as_text_or_as_ids() -> None:
    request = Request("text", (Segment("user", "I think</s>"),), "plain", SAMPLING)
    assert wire(api="completions").body(request, 0)[0]["prompt"] == "I think‹/s›"
    ids = wire(api="completions", tokenize=lambda text: [len(text)])
    assert ids.body(request, 0) == ({**ids.body(request, 0)[0], "prompt": [11]}, ())


@pytest.mark.parametrize(
    ("api", "request_", "said"),
    [
        ("completions", text(), "api: completions"),
        ("chat", Request("text", SEGMENTS, "plain", SAMPLING), "chat messages only"),
        ("chat", text(Segment("user", "")), "empty"),
        ("chat", text(adapter="other"), None),
    ],
)
def test_what_cannot_be_asked_is_rejected(api: str, request_: Request, said: str | None) -> None:
    if said is None:
        assert wire("vllm").body(request_, 0)[0]["model"] == "other"
        with pytest.raises(Rejected, match=r"inference\.adapter"):
            wire("sglang").body(request_, 0)
        return
    with pytest.raises(Rejected, match=said):
        wire(api=api).body(request_, 0)


def test_a_schema_constrains_the_reply() -> None:
    request = text(constraint='{"type":"object","additionalProperties":false}')
    for kind in ("hosted", "vllm"):
        form = wire(kind).body(request, 0)[0]["response_format"]
        assert form["json_schema"]["schema"] == {"type": "object", "additionalProperties": False}
        assert form["json_schema"]["strict"] is True
    open_ended = text(constraint='{"type":"object"}')
    assert wire("hosted").body(open_ended, 0)[0]["response_format"]["json_schema"]["strict"] is False


def test_scores_ask_for_as_many_log_probabilities_as_declared() -> None:
    score = Request("score", SEGMENTS, candidates=("A", "B"))
    body, _ = wire(top_logprobs=15).body(score, 0)
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"], body["temperature"]) == (True, 15, 1, 1.0)
    with pytest.raises(Rejected, match="top_logprobs"):
        wire(top_logprobs=0).body(score, 0)
    with pytest.raises(Rejected, match="terminators"):
        wire().body(Request("score", SEGMENTS, candidates=("A", "B"), terminators=("\n",)), 0)
    plain = Request("score", SEGMENTS, "plain", candidates=("A", "B"))
    assert wire(api="completions", top_logprobs=5).body(plain, 0)[0]["logprobs"] == 5


def reply(**changes: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}
    whole = {
        "model": "org/model",
        "choices": [choice],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
    }
    for key, value in changes.items():
        if key in choice:
            choice[key] = value
        else:
            whole[key] = value
    return whole


def test_a_reply_is_read_with_its_usage() -> None:
    (found,) = wire().read(text(), orjson.dumps(reply()))
    assert (found.text, found.finish_reason, found.usage, found.notes) == ("Hi.", "stop", Usage(9, 2, 4), ())
    (cut,) = wire().read(text(), reply(finish_reason="length"))
    assert cut.finish_reason == "length"
    (long,) = wire().read(text(), reply(usage={"prompt_tokens": 9, "completion_tokens": 40}))
    assert long.notes == ("the server wrote 40 tokens, 12 were allowed",)
    (unsaid,) = wire().read(text(), reply(message={"content": None}, finish_reason="length"))
    assert (unsaid.text, unsaid.finish_reason) == ("", "length")
    (silent,) = wire().read(text(), reply(usage=None))
    assert silent.notes == ("the server reports no usage",)


def test_what_a_server_repeats_of_a_begun_reply_is_not_the_models() -> None:
    begun = text(Segment("user", "Well?"), Segment("assistant", "I "), Segment("assistant", "think</s>"))
    repeated = reply(message={"content": "I think‹/s› so."})
    assert wire("llama_server").read(begun, repeated)[0].text == " so."
    assert wire("vllm").read(begun, repeated)[0].text == "I think‹/s› so."
    assert wire("llama_server").read(begun, reply(message={"content": " so."}))[0].text == " so."
    assert wire("llama_server").read(text(), reply(message={"content": "I think so."}))[0].text == "I think so."


def test_several_texts_go_by_their_numbers_and_share_the_usage() -> None:
    choices = [{"index": n, "message": {"content": str(n)}, "finish_reason": "stop"} for n in (2, 0, 1)]
    found = wire().read(text(), reply(choices=choices, usage={"prompt_tokens": 9, "completion_tokens": 5}), 3)
    assert [one.text for one in found] == ["0", "1", "2"]
    assert [one.usage for one in found] == [Usage(9, 2), Usage(0, 2), Usage(0, 1)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        *[("org/model", name) for name in ("org/model", "model", "org/model-2026-01-01", "model-2026-01-01", None)],
        ("gpt-4", "gpt-4-0613"),
        ("claude-x", "claude-x-20260101"),
        ("mistral-large-latest", "mistral-large-2411"),
        ("gemini-x", "models/gemini-x"),
        ("Org/Model-7B", "model-7b"),
    ],
)
def test_names_by_which_providers_call_the_same_model_are_accepted(wanted: str, found: str | None) -> None:
    assert WireFormat("hosted", "chat", wanted, 20).read(text(), reply(model=found))[0].text == "Hi."


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("llama-3-8b", "llama-3-70b"),
        ("model", ""),
    ],
)
def test_sister_models_and_other_dates_are_other_models(wanted: str, found: str) -> None:
    with pytest.raises(BadReply, match="another model"):
        WireFormat("hosted", "chat", wanted, 20).read(text(), reply(model=found))


def test_an_adapter_answers_under_its_own_name() -> None:
    assert wire().read(text(adapter="fine"), reply(model="fine"))[0].text == "Hi."
    with pytest.raises(BadReply, match="another model"):
        wire().read(text(adapter="fine"), reply(model="org/model"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [2.0]}]}, r"numbers \[0, 0\]"),
        ({"data": [{"index": 0, "embedding": [1.0]}]}, "2 were asked for"),
        ({"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}, "empty"),
        ({"data": [{"index": 0, "embedding": ["x"]}, {"index": 1, "embedding": [1.0]}]}, "no embeddings"),
        ({"data": [{"index": 0, "embedding": ["inf"]}, {"index": 1, "embedding": [1.0]}]}, "finite"),
        ({"error": "none"}, "no embeddings"),
        ([], "no object"),
    ],
)
def test_what_are_no_embeddings_is_not_believed(body: Any, said: str) -> None:
    with pytest.raises(BadReply, match=said):
        read_embeddings(orjson.dumps(body), 2)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b'{"choices": [{"mess', "no JSON"),
        (b"[1, 2]", "no object"),
        (reply(choices=[]), "no choices"),
        (reply(choices=None, error="overloaded"), "overloaded"),
        (reply(choices=["x"]), "no object"),
        (reply(index=3), "another number"),
        (reply(choices=[reply()["choices"][0]] * 2), "asked for"),
        (reply(message=None), "without a message"),
        (reply(message={"content": None}), "without text"),
        (reply(message={"content": 7}), "without text"),
        (reply(finish_reason=None), "unknown reason"),
        (reply(finish_reason="tool_calls"), "unknown reason"),
        (reply(model="other"), "another model"),
        (reply(model=7), "another model"),
        (reply(usage="many"), "usage"),
        (reply(usage={"prompt_tokens": -5, "completion_tokens": 1}), "cannot be"),
        (reply(usage={"prompt_tokens": 5, "completion_tokens": 1e300}), "cannot be"),
        (reply(usage={"prompt_tokens": True, "completion_tokens": 1}), "cannot be"),
        (reply(usage={"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 6}}), "more cached"),
    ],
)
def test_what_is_no_reply_is_not_believed(body: Any, said: str) -> None:
    with pytest.raises(BadReply, match=said):
        wire().read(text(), body)


def test_refusals_and_filters_are_errors_of_their_own() -> None:
    with pytest.raises(Refused, match="I will not"):
        wire().read(text(), reply(message={"content": None, "refusal": "I will not."}))
    with pytest.raises(ContentFiltered):
        wire().read(text(), reply(finish_reason="content_filter"))
