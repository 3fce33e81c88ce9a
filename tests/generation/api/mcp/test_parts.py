"""Agents ask for pictures from pictures: in the shapes that the native API has, and with its refusals."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async

from accounts.models import User
from generation.api.mcp.parts import PARTS, part_schemas
from generation.models import Checkpoint, GeneratedImage, Job
from generation.recipes.enlarging import Hires
from generation.recipes.palette import Palette
from generation.recipes.picture import Recipe
from generation.recipes.variation import Variation
from tests.conftest import credits_of
from tests.generation.api.mcp.conftest import agent, token_for
from tests.generation.catalog.test_controlnets import annotator, controlnet
from tests.generation.conftest import Draw

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

SMALL = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 4, "wait": 0}
in_database = database_sync_to_async


def last() -> Recipe:
    return Job.objects.queued().latest("pk").recipe


def drawn(alice: User, draw: Draw) -> GeneratedImage:
    controlnet()
    image: GeneratedImage = draw(alice)
    return image


async def make(alice: User, **arguments: Any) -> Any:
    async with agent(await in_database(token_for)(alice)) as client:
        return await client.call_tool("make_picture", {**SMALL, **arguments})


async def test_shapes_say_bounds_defaults_and_what_must_be_there() -> None:
    schemas = part_schemas()
    assert schemas.keys() == PARTS.keys()
    start = schemas["start"]
    assert start["required"] == ["source"] and start["type"] == ["object", "null"]
    strength = start["properties"]["strength"]
    assert (strength["minimum"], strength["maximum"], strength["default"]) == (0, 1, 0.75)
    control = schemas["controls"]["items"]
    assert set(control["required"]) == {"name", "picture"} and control["additionalProperties"] is False
    assert control["properties"]["fit"]["enum"] == ["crop", "stretch", "fill"]


async def test_a_picture_is_begun_from_held_and_coloured(alice: User, draw: Draw) -> None:
    image = await in_database(drawn)(alice, draw)
    answer = await make(
        alice,
        start={"source": image.code, "strength": 0.4},
        controls=[{"name": "edges", "picture": image.code, "preprocessor": "canny", "weight": 0.7, "end": 0.5}],
        variation={"seed": 9, "strength": 0.25},
        palette={"colours": ["#c2412d"], "strength": 0.4},
        styles=["Line art"],
    )
    assert not answer.is_error, answer.content
    recipe = await in_database(last)()
    assert recipe.start is not None and (recipe.start.source.sha256, recipe.start.strength) == (image.sha256, 0.4)
    (pick,) = recipe.controls
    assert (pick.name, pick.picture.sha256, pick.preprocessor, pick.weight) == ("edges", image.sha256, "canny", 0.7)
    assert (recipe.variation, recipe.palette) == (Variation(9, 0.25), Palette(("#c2412d",), 0.4))
    assert recipe.prompt.startswith("a red apple, ")


async def test_a_second_pass_is_drawn(alice: User, catalog: Checkpoint) -> None:
    answer = await make(alice, hires={"scale": 1.5, "strength": 0.5}, start=None)
    assert not answer.is_error, answer.content
    assert (await in_database(last)()).hires == Hires(1.5, strength=0.5)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"start": {"source": "gone"}}, "unknown-picture"),
        ({"start": {"strength": 0.4}}, "bad-arguments"),
        ({"start": {"source": "gone", "strength": 2}}, "bad-arguments"),
        ({"controls": [{"name": "edges"}]}, "bad-arguments"),
        ({"controls": [{"name": "edges", "picture": "gone"}]}, "unknown-picture"),
        ({"controls": [{"name": "nothing", "picture": "OWN"}]}, "unknown-controlnet"),
        ({"controls": [{"name": "edges", "picture": "OWN", "start": 0.9, "end": 0.1}]}, "bad-control-steps"),
        ({"start": {"source": "OWN"}, "hires": {}}, "bad-hires"),
        ({"styles": ["Nope"]}, "unknown-style"),
        ({"palette": {"colours": ["red"]}}, "bad-palette"),
    ],
)
async def test_what_cannot_be_is_refused_and_costs_nothing(
    alice: User, draw: Draw, parts: dict[str, Any], code: str
) -> None:
    image = await in_database(drawn)(alice, draw)
    before = await in_database(credits_of)(alice)
    answer = await make(alice, **named(parts, image.code))
    assert answer.is_error and answer.content[0].text.startswith(f"{code}: "), answer.content
    assert await in_database(credits_of)(alice) == before and not await in_database(Job.objects.queued().exists)()


def named(value: Any, code: str) -> Any:
    """The arguments with the code of the picture where they say OWN."""
    if isinstance(value, dict):
        return {name: named(each, code) for name, each in value.items()}
    if isinstance(value, list):
        return [named(each, code) for each in value]
    return code if value == "OWN" else value


async def test_charlie_cannot_begin_from_alices_picture(alice: User, charlie: User, draw: Draw) -> None:
    image = await in_database(drawn)(alice, draw)
    answer = await make(charlie, start={"source": image.code})
    assert answer.is_error and answer.content[0].text.startswith("unknown-picture: ")


async def test_what_there_is_to_draw_with_is_listed(alice: User, catalog: Checkpoint) -> None:
    await in_database(controlnet)("lines-canny")
    await in_database(controlnet)("others", "sd1")
    await in_database(annotator)()
    async with agent(await in_database(token_for)(alice)) as client:
        told = (await client.call_tool("list_controlnets", {"family": "mini"})).structured_content
        styles = (await client.call_tool("list_styles", {"family": "mini"})).structured_content["styles"]
    (row,) = told["controlnets"]
    assert (row["name"], row["usual_preprocessor"], told["more"]) == ("lines-canny", "canny", False)
    assert {"canny", "none", "far"} <= told["preprocessors"].keys()
    assert "Line art" in {style["name"] for style in styles} and {style["family"] for style in styles} <= {"", "mini"}


async def test_a_prompt_is_explained_as_its_styles_make_it(alice: User, catalog: Checkpoint) -> None:
    async with agent(await in_database(token_for)(alice)) as client:
        asked = {"prompt": "a cat", "styles": ["Line art"]}
        told = (await client.call_tool("inspect_prompt", asked)).structured_content
        refused = await client.call_tool("inspect_prompt", {"prompt": "a cat", "styles": ["Nope"]})
    assert told["prompt"]["text"].startswith("a cat, ")
    assert refused.is_error and getattr(refused.content[0], "text", "").startswith("unknown-style: ")
