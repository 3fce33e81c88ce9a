"""The second pass on the Create page: it becomes the recipe's, is read back, and is refused at its own field."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Job
from generation.recipes.enlarging import Hires
from tests.generation.conftest import Draw

FIELDS = {"prompt": "an apple", "width": 128, "height": 128, "steps": 4, "count": 1, "size": "own", "hires": "on"}
TICKED = 'id="id_hires" name="hires" checked'


def test_it_becomes_the_recipes_and_is_read_back(alices: Client, catalog: Checkpoint) -> None:
    more = {"hires_scale": "1.5", "hires_strength": "0.5", "hires_prompt": "a pear"}
    assert alices.post("/create/", {**FIELDS, **more}).status_code == 302
    job = Job.objects.get()
    assert job.recipe.hires == Hires(1.5, 0, 0.5, prompt="a pear")
    page = alices.get(f"/create/?job={job.code}").text
    assert TICKED in page and 'placeholder="The same prompt">a pear<' in page


def test_what_it_cannot_be_is_said_at_its_fields(alices: Client, catalog: Checkpoint) -> None:
    answer = alices.post("/create/", {**FIELDS, "hires_scale": "9", "hires_upscaler": "gone"})
    assert answer.status_code == 422 and "Times larger must lie between 1 and 4" in answer.text


def test_a_picture_to_start_from_has_none(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, hires=Hires(1.5))
    answer = alices.post("/create/", {**FIELDS, "source": image.code})
    assert answer.status_code == 422
    assert "A second pass follows a picture from text" in answer.text.split('data-refusals="hires"')[1][:400]
    assert TICKED not in alices.get(f"/create/?change={image.code}").text


def test_it_is_explained_and_not_offered_where_a_picture_is_started_from(
    alices: Client, alice: User, draw: Draw
) -> None:
    image = draw(alice)
    alices.post("/create/draft/", FIELDS)
    page = alices.get("/create/")
    assert TICKED in page.text and "data-unless-started >" in page.text
    page = alices.get(f"/create/?source={image.code}")
    assert "data-unless-started disabled>" in page.text and TICKED not in page.text
    assert "A second pass follows a picture from text. Of one that starts from a picture," in page.text
    assert page.context["quote"].credits is not None
    # As a browser sends it: what is disabled is left out.
    sent = {name: value for name, value in FIELDS.items() if name != "hires"}
    assert alices.post("/create/", {**sent, "source": image.code}).status_code == 302
    recipe = Job.objects.latest("pk").recipe
    assert recipe.start is not None and recipe.hires is None
