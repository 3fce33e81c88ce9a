"""What a bounded token may do over MCP, on live lines and with webhooks: what it is for, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from rest_framework.test import APIClient

from accounts.models import User
from config.asgi import application
from generation.api.people import SIGNED
from generation.models import Checkpoint, Job
from tests.generation.api.mcp.conftest import URL, agent, catalog, draw, draw_next, queue, token_for, web
from tests.generation.api.test_people import SECRET, operator, signed
from tests.generation.conftest import Draw

__all__ = ["catalog", "draw", "operator", "queue"]
pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ("list_checkpoints", "list_loras", "list_controlnets", "list_styles")
SMALL = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 4, "wait": 0}
in_database = database_sync_to_async


def code_of(answer: Any) -> str:
    return str(answer.content[0].text).partition(":")[0] if answer.is_error else ""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ([], set()),
        (["read"], {"inspect_prompt", "job", "my_pictures", *LISTS}),
        (["generate"], {"make_picture"}),
        (["publish"], {"publish"}),
    ],
)
async def test_each_tool_asks_for_its_scope(alice: User, draw: Draw, scopes: list[str], allowed: set[str]) -> None:
    image = await in_database(draw)(alice)
    calls: dict[str, dict[str, Any]] = {
        "make_picture": SMALL,
        "inspect_prompt": {"prompt": "a cat"},
        **{name: {} for name in LISTS},
        "job": {"code": image.job.code},
        "my_pictures": {},
        "publish": {"image": image.code, "title": "An apple"},
    }
    async with agent(await in_database(token_for)(alice, scopes=scopes)) as client:
        codes = {name: code_of(await client.call_tool(name, arguments)) for name, arguments in calls.items()}
    assert codes == {name: "" if name in allowed else "missing-scope" for name in calls}


@pytest.mark.asyncio
async def test_who_may_only_generate_gets_what_it_generates(alice: User, catalog: Checkpoint) -> None:
    async def draw_soon() -> None:
        while not await in_database(Job.objects.queued().exists)():
            await asyncio.sleep(0.05)
        await in_database(draw_next)()

    async with agent(await in_database(token_for)(alice, scopes=["generate"])) as client:
        drawing = asyncio.create_task(draw_soon())
        answer = await client.call_tool("make_picture", {**SMALL, "wait": 30})
        await drawing
    assert [block.type for block in answer.content] == ["text", "image", "resource_link"]


@pytest.mark.asyncio
async def test_weights_and_addresses_are_bounded(alice: User, catalog: Checkpoint) -> None:
    token = await in_database(token_for)(alice, allowed_checkpoints=["another"])
    async with agent(token) as client:
        assert code_of(await client.call_tool("make_picture", SMALL)) == "checkpoint-not-allowed"
        assert (await client.call_tool("list_checkpoints", {})).structured_content["checkpoints"] == []
    away = await in_database(token_for)(alice, allowed_addresses=["203.0.113.0/24"])
    async with web(away, Accept="application/json, text/event-stream") as http:
        answer = await http.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert (answer.status_code, answer.json()["code"]) == (403, "address-not-allowed")


@pytest.mark.asyncio
async def test_an_agents_pictures_are_whose_its_program_names(alice: User, operator: User, catalog: Checkpoint) -> None:
    token = await in_database(token_for)(operator, speaks_for_people=True, people_secret=SECRET)
    async with (
        web(token, **{SIGNED: signed()}) as http,
        Client(streamable_http_client(URL, http_client=http)) as client,
    ):
        assert code_of(await client.call_tool("make_picture", SMALL)) == ""
    assert await in_database(Job.objects.filter(owner=alice).count)() == 1
    async with web(token, **{SIGNED: "nobody.signed.it"}) as http:
        answer = await http.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert (answer.status_code, answer.json()["code"]) == (401, "person-not-signed")


def test_a_live_line_is_for_who_may_read(alice: User) -> None:
    token = token_for(alice, scopes=["generate"])
    api = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert api.post("/api/v1/lines").json()["code"] == "missing-scope"

    async def closed() -> dict[str, Any]:
        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]
        socket = WebsocketCommunicator(application, "/ws/jobs/", headers=headers)
        await socket.connect(timeout=5)
        return dict(await socket.receive_output(timeout=5))

    said = asyncio.run(closed())
    assert (said["code"], "read" in said["reason"]) == (4403, True)


def test_webhooks_are_looked_at_with_one_scope_and_changed_with_another(alice: User, settings: Any) -> None:
    settings.WEBHOOK_HOSTS = ["hooks.example.org"]
    reads, makes = (
        APIClient(headers={"Authorization": f"Bearer {token_for(alice, scopes=[scope])}"})
        for scope in ("read", "generate")
    )
    body = {"url": "https://hooks.example.org/"}
    assert reads.post("/api/v1/webhooks", body, format="json").json()["code"] == "missing-scope"
    code = makes.post("/api/v1/webhooks", body, format="json").json()["code"]
    assert reads.get(f"/api/v1/webhooks/{code}").status_code == 200
    assert makes.get(f"/api/v1/webhooks/{code}").json()["code"] == "missing-scope"
    for method, path in (("patch", code), ("delete", code), ("post", f"{code}/secret"), ("post", f"{code}/test")):
        assert getattr(reads, method)(f"/api/v1/webhooks/{path}").json()["code"] == "missing-scope"
