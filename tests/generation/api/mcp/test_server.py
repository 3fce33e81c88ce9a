"""Agents over MCP: each tool does what the rest of the API does, for the person of the token and for nobody else."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

import pytest
from channels.db import database_sync_to_async
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents
from PIL import Image

from accounts.models import ApiToken, User
from gallery.models import Post
from generation.models import Checkpoint, GeneratedImage, Job
from tests.conftest import credits_of
from tests.generation.api.mcp.conftest import agent, draw_next, token_for
from tests.generation.conftest import Draw

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

LISTS = {"list_checkpoints", "list_loras", "list_controlnets", "list_styles"}
TOOLS = {"make_picture", "inspect_prompt", "job", "my_pictures", "publish", *LISTS}
SMALL = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 4}
in_database = database_sync_to_async


def words_of(answer: Any) -> str:
    return " ".join(block.text for block in answer.content if block.type == "text")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_both_generations_of_the_protocol_are_offered_the_tools(alice: User, mode: str) -> None:
    async with agent(await in_database(token_for)(alice), mode) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.description and tool.input_schema["type"] == "object" for tool in tools)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_picture_is_waited_for_and_comes_along(alice: User, catalog: Checkpoint, mode: str) -> None:
    told: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    async def draw_soon() -> GeneratedImage:
        while not await in_database(Job.objects.queued().exists)():
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        image: GeneratedImage = await in_database(draw_next)()
        return image

    async with agent(await in_database(token_for)(alice), mode) as client:
        drawing = asyncio.create_task(draw_soon())
        answer = await client.call_tool("make_picture", {**SMALL, "wait": 30}, progress_callback=note)
        image = await drawing
        (job,) = answer.structured_content["jobs"]
        assert (job["state"], job["image"]) == ("done", image.code)
        (shown,) = [block for block in answer.content if block.type == "image"]
        with Image.open(io.BytesIO(base64.b64decode(shown.data))) as picture:
            assert (picture.format, picture.size) == ("JPEG", (128, 128))
        (link,) = [block for block in answer.content if block.type == "resource_link"]
        (file,) = (await client.read_resource(link.uri)).contents
        assert isinstance(file, BlobResourceContents) and base64.b64decode(file.blob).startswith(b"\x89PNG")
    assert told and all(one[0] < two[0] for one, two in zip(told, told[1:], strict=False))
    assert all(total == 1 for _, total in told)


async def test_what_takes_longer_is_asked_for_later(alice: User, catalog: Checkpoint) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        answer = await client.call_tool("make_picture", {**SMALL, "count": 2, "wait": 0})
        jobs = answer.structured_content["jobs"]
        assert [job["state"] for job in jobs] == ["queued", "queued"] and not answer.is_error
        await in_database(draw_next)()
        later = await client.call_tool("job", {"code": jobs[0]["code"]})
        assert later.structured_content["jobs"][0]["state"] == "done"
        assert [block.type for block in later.content] == ["text", "image", "resource_link"]


async def test_a_token_has_only_so_many_calls_that_wait(
    alice: User, catalog: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.api.mcp.server.WAITING_A_TOKEN", 1)
    token = await in_database(token_for)(alice)
    async with agent(token) as client, agent(token) as other:
        waiting = asyncio.create_task(client.call_tool("make_picture", {**SMALL, "wait": 60}))
        while not await in_database(Job.objects.exists)():
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        at_once = await asyncio.wait_for(other.call_tool("make_picture", {**SMALL, "wait": 60}), 10)
        assert at_once.structured_content["jobs"][0]["state"] == "queued" and not waiting.done()
        for _ in range(2):
            await in_database(draw_next)()
        assert (await waiting).structured_content["jobs"][0]["state"] == "done"


async def test_credits_and_the_budget_of_the_token_pay(alice: User, catalog: Checkpoint) -> None:
    token = await in_database(token_for)(alice, budget=1, name="agent")
    async with agent(token) as client:
        answer = await client.call_tool("make_picture", {"prompt": "a cat", "count": 4, "wait": 0})
    assert answer.is_error and "token-budget" in words_of(answer)
    assert await in_database(credits_of)(alice) == 1000 and not await in_database(Job.objects.exists)()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "bad-arguments"),
        ({"prompt": 7}, "bad-arguments"),
        ({"prompt": "x", "steps": 1e9}, "bad-arguments"),
        ({"prompt": "x", "steps": 2.5}, "bad-arguments"),
        ({"prompt": "x", "colour": "red"}, "bad-arguments"),
        ({"prompt": "x", "loras": [{"name": "x", "weight": 9}]}, "bad-arguments"),
        ({"prompt": " "}, "empty-prompt"),
        ({"prompt": "x", "checkpoint": "ghost"}, "unknown-checkpoint"),
        ({"prompt": "x", "count": 1000}, "too-many-pictures"),
        ({"prompt": "x\0"}, "nul-character"),
    ],
)
async def test_what_is_refused_is_told_and_costs_nothing(
    alice: User, catalog: Checkpoint, arguments: dict[str, Any], code: str
) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        answer = await client.call_tool("make_picture", arguments)
    assert answer.is_error and words_of(answer).startswith(f"{code}: ")
    assert await in_database(credits_of)(alice) == 1000


async def test_null_is_what_was_left_out(alice: User, catalog: Checkpoint) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        answer = await client.call_tool("make_picture", {**SMALL, "seed": None, "loras": None, "wait": 0})
    assert not answer.is_error, words_of(answer)


async def test_a_tool_that_there_is_not(alice: User) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        with pytest.raises(MCPError):
            await client.call_tool("delete_everything", {})


async def test_charlie_gets_nothing_of_alices(alice: User, charlie: User, draw: Draw) -> None:
    image = await in_database(draw)(alice)
    async with agent(await in_database(token_for)(charlie)) as client:
        for tool, arguments in (
            ("job", {"code": image.job.code}),
            ("publish", {"image": image.code, "title": "Mine"}),
            ("my_pictures", {"before": image.code}),
        ):
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error and words_of(answer).startswith("not-found: "), tool
        assert (await client.call_tool("my_pictures", {})).structured_content == {"pictures": [], "more": False}
        assert (await client.list_resources()).resources == []
        with pytest.raises(MCPError):
            await client.read_resource(f"tempera://images/{image.code}")


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "tempera://images/../../x", "tempera://images/", "https://x/"])
async def test_there_are_no_other_resources(alice: User, uri: str) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        with pytest.raises(MCPError):
            await client.read_resource(uri)


async def test_pictures_are_found_page_by_page(alice: User, draw: Draw) -> None:
    images = [await in_database(draw)(alice, prompt) for prompt in ("a red apple", "a cat", "a dog")]
    async with agent(await in_database(token_for)(alice)) as client:
        first = (await client.call_tool("my_pictures", {"count": 2})).structured_content
        assert [row["code"] for row in first["pictures"]] == [images[2].code, images[1].code] and first["more"]
        rest = (await client.call_tool("my_pictures", {"before": images[1].code})).structured_content
        assert [row["code"] for row in rest["pictures"]] == [images[0].code] and not rest["more"]
        found = (await client.call_tool("my_pictures", {"q": "apple"})).structured_content["pictures"]
        assert [row["prompt"] for row in found] == ["a red apple"]


async def test_a_picture_is_sent_into_the_gallery(alice: User, draw: Draw) -> None:
    image = await in_database(draw)(alice)
    async with agent(await in_database(token_for)(alice)) as client:
        answer = await client.call_tool("publish", {"image": image.code, "title": "An apple", "tags": ["fruit"]})
    post = await in_database(Post.objects.get)()
    assert answer.structured_content["code"] == post.code
    assert (post.image_id, post.author_id, post.state, post.title) == (image.pk, alice.pk, "pending", "An apple")


async def test_the_catalog_and_prompts_are_explained(alice: User, catalog: Checkpoint) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        rows = (await client.call_tool("list_checkpoints", {})).structured_content["checkpoints"]
        assert [row["name"] for row in rows] == ["emoji-diffusion"]
        loras = (await client.call_tool("list_loras", {"q": "line"})).structured_content["loras"]
        assert [row["name"] for row in loras] == ["line-art"]
        told = (await client.call_tool("inspect_prompt", {"prompt": "a (red:1.2) <lora:ghost:1>"})).structured_content
        assert "unknown" in {mention["status"] for mention in told["prompt"]["mentions"]}


async def test_a_token_taken_back_hears_no_more(alice: User, catalog: Checkpoint) -> None:
    async def take_back() -> None:
        while not await in_database(Job.objects.exists)():
            await asyncio.sleep(0.05)
        await in_database(ApiToken.objects.all().delete)()

    async with agent(await in_database(token_for)(alice)) as client:
        taking = asyncio.create_task(take_back())
        answer = await asyncio.wait_for(client.call_tool("make_picture", {**SMALL, "wait": 60}), 15)
        await taking
    assert answer.is_error and "authentication-failed" in words_of(answer)
    # It was asked for by somebody who might: it is drawn, and its person finds it.
    assert await in_database(Job.objects.queued().count)() == 1
