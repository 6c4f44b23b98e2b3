"""A provider's batch endpoint over real HTTP: files up, a job, files down, with the provider's own client."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import web

from socsim.errors import BadReply, RateLimited, Rejected, ScenarioError, Unavailable
from socsim.inference import provider_batch
from socsim.inference.http_engine import make_http_engine
from socsim.inference.provider_batch import BatchingEngine, BatchJob, OpenBatch
from socsim.inference.types import Completion, Request, SamplingParams, Segment
from socsim.scenario.engines import InferenceSpec


class Provider:
    """Files and batches in memory; answers each request of a batch with its prompt in capitals."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.jobs: list[dict[str, Any]] = []
        self.status = "completed"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files/{name}/content", self.download)
        app.router.add_post("/v1/batches", self.create)
        app.router.add_get("/v1/batches", self.list)
        app.router.add_get("/v1/batches/{name}", self.show)
        return app

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{len(self.files)}"
        self.files[name] = form["file"].file.read()  # type: ignore[union-attr]
        fields = {
            "id": name,
            "object": "file",
            "bytes": 1,
            "created_at": 1,
            "filename": "x",
            "purpose": "batch",
            "status": "processed",
        }
        return web.json_response(fields)

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        job = {**body, "id": f"batch-{len(self.jobs)}", "object": "batch", "created_at": 1, "status": self.status}
        good, bad = [], []
        for line in self.files[body["input_file_id"]].splitlines():
            row = orjson.loads(line)
            said = row["body"]["messages"][-1]["content"]
            reply = {
                "model": "m",
                "choices": [{"index": 0, "message": {"content": said.upper()}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 1},
            }
            response: Any = {"status_code": 200, "request_id": "r", "body": reply}
            if said == "limit":
                response = {"status_code": 429, "body": {"error": {"message": "slow"}}}
            if said == "bad":
                response = {"status_code": "many"}
            entry = {"custom_id": row["custom_id"], "response": response, "error": None}
            if said == "expired":
                bad.append(
                    {"custom_id": row["custom_id"], "response": None, "error": {"code": "batch_expired", "message": "too late"}}
                )
            elif said != "lost":
                good.append(entry)
        self.files[f"{job['id']}-out"] = b"\n".join([b"not json", *map(orjson.dumps, good), b""])
        self.files[f"{job['id']}-err"] = b"\n".join(map(orjson.dumps, bad))
        job |= {"output_file_id": f"{job['id']}-out", "error_file_id": f"{job['id']}-err"}
        if self.status == "failed":
            job["errors"] = {"object": "list", "data": [{"message": "no quota"}]}
        self.jobs.append(job)
        return web.json_response(job)

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.jobs[::-1], "has_more": False})

    async def show(self, request: web.Request) -> web.Response:
        found = [job for job in self.jobs if job["id"] == request.match_info["name"]]
        return web.json_response(found[0]) if found else web.json_response({"error": {"message": "no such job"}}, status=404)


class Ledger:
    """Keeps jobs in memory."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def put_batch_intent(self, batch: OpenBatch) -> None:
        self.noted.append("intent")

    def set_batch_id(self, name: str, job_id: str) -> None:
        self.noted.append(job_id)

    def open_batches(self) -> list[OpenBatch]:
        return []

    def close_batch(self, name: str, status: str) -> None:
        self.noted.append(status)


def text(content: str) -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams(max_tokens=4))


def with_provider(body: Any, provider: Provider | None = None) -> Any:
    async def main() -> Any:
        runner = web.AppRunner((provider or Provider()).application(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        spec = {"engine": "openai", "model": "m", "base_url": f"http://127.0.0.1:{runner.addresses[0][1]}/v1"}
        engine = make_http_engine(InferenceSpec.model_validate(spec), None)
        try:
            return await asyncio.wait_for(body(engine), 20)
        finally:
            await engine.leave()
            engine.close()
            await runner.cleanup()

    return asyncio.run(main())


def test_calls_go_up_in_one_file_and_come_back_by_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_batch, "_QUIET_S", 0.01)
    provider, ledger = Provider(), Ledger()

    async def body(engine: Any) -> None:
        batching = BatchingEngine(engine, engine.batches(24), ledger, poll_s=0.01)
        names = ("a", "b", "limit", "bad", "expired", "lost")
        found = await asyncio.gather(*(batching.generate(text(name), seed=3) for name in names), return_exceptions=True)
        assert [one.text for one in found[:2] if isinstance(one, Completion)] == ["A", "B"]
        assert [type(one) for one in found[2:]] == [RateLimited, BadReply, Unavailable, Unavailable]
        assert "too late" in str(found[4])
        assert "without a reply" in str(found[5])
        await asyncio.sleep(0)
        await batching.leave()

    with_provider(body, provider)
    (job,) = provider.jobs
    assert (job["completion_window"], job["endpoint"]) == ("24h", "/v1/chat/completions")
    rows = [orjson.loads(line) for line in provider.files[job["input_file_id"]].splitlines()]
    assert {row["method"] for row in rows} == {"POST"}
    assert rows[0]["body"]["seed"] == 3
    assert ledger.noted == ["intent", "batch-0", "done"]


def test_a_job_is_found_again_by_its_name() -> None:
    async def body(engine: Any) -> None:
        door = engine.batches(24)
        assert await door.find("mine") is None
        job_id = await door.send(BatchJob("mine", (("mine-0", text("a"), 0),)))
        await door.send(BatchJob("other", (("other-0", text("a"), 0),)))
        assert await door.find("mine") == job_id

    with_provider(body)


@pytest.mark.parametrize(
    ("status", "state", "detail"),
    [
        ("in_progress", "running", ""),
        ("validating", "running", "validating"),
        ("completed", "done", ""),
        ("expired", "done", "expired"),
        ("failed", "failed", "no quota"),
    ],
)
def test_how_a_job_stands(status: str, state: str, detail: str) -> None:
    provider = Provider()
    provider.status = status

    async def body(engine: Any) -> None:
        door = engine.batches(24)
        found = await door.state(await door.send(BatchJob("j", (("j-0", text("a"), 0),))))
        assert (found.status, found.detail) == (state, detail)

    with_provider(body, provider)


def test_only_hosted_apis_have_one_and_errors_of_the_provider_are_ours() -> None:
    local = {"engine": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "endpoint": {"kind": "vllm"}}
    with pytest.raises(ScenarioError, match=r"inference\.batch.*vllm server"):
        make_http_engine(InferenceSpec.model_validate(local), None).batches(24)

    async def body(engine: Any) -> None:
        with pytest.raises(Rejected, match="404"):
            await engine.batches(24).state("nowhere")

    with_provider(body)
