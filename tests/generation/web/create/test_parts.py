"""What the Create form has besides the recipe's fields: styles, palette, variation, and what a recipe brings along."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.catalog.styles import StyleFields, save_style
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.models import Draft, GeneratedImage, Job
from generation.recipes.blending import Blend
from generation.recipes.checks import InvalidRecipe
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.palette import Palette
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from generation.recipes.variation import Variation
from generation.web.create.parts import carried_parts, carried_sentence, fields_of_parts
from tests.architecture.access_things import finished_image
from tests.generation.web.conftest import PART

pytestmark = pytest.mark.usefixtures("catalog")

FORM: dict[str, Any] = {
    "prompt": "a red apple", "seed": "7", "count": "1", "steps": "4",
    "variation_strength": "0.25", "variation_seed": "9", "resize_width": "64", "resize_height": "128",
    "palette": "#c2412d, #fff", "palette_strength": "0.4", "styles": ["Line art", "Ink"],
}  # fmt: skip


def last() -> Recipe:
    return Job.objects.latest("pk").recipe


def test_each_part_becomes_the_recipes(alices: Client, alice: User) -> None:
    save_style(alice, StyleFields("Ink", "ink drawing of {prompt}", "photo"))
    page = html.unescape(alices.get("/create/").text)
    assert 'name="styles" value="Ink"' in page and 'name="styles" value="Line art"' in page
    assert "How far the seed's noise is turned" in page and "Up to five colours" in page
    assert alices.post("/create/", FORM).status_code == 302
    recipe = last()
    assert recipe.variation == Variation(9, 0.25, (64, 128)) and recipe.palette == Palette(("#c2412d", "#ffffff"), 0.4)
    assert recipe.prompt.startswith("ink drawing of a red apple, line art") and recipe.negative_prompt == "photo"
    assert [pick.name for pick in recipe.loras] == ["line-art"]
    # The draft keeps what was typed, and not what became of it.
    draft = Draft.objects.get().fields
    assert (draft["prompt"], draft["styles"], draft["palette"]) == ("a red apple", "Line art\nInk", "#c2412d, #fff")
    again = alices.get("/create/").text
    assert again.count("checked>") >= 2 and 'value="Ink" checked' in again and 'value="0.25"' in again


def test_an_untouched_form_has_none_of_them(alices: Client) -> None:
    alices.post("/create/", {"prompt": "a red apple", "variation_strength": "0", "palette": " "})
    assert (last().variation, last().palette, last().blend, last().inversion) == (None, None, None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"palette": "red"}, "“red” is no colour"),
        ({"palette_strength": "2"}, "Palette strength must lie between 0 and 1."),
        ({"variation_strength": "1.5"}, "Variation must lie between 0 and 1."),
        ({"variation_seed": "-4"}, "Variation seed must lie"),
        ({"resize_width": "60"}, "Seed resize from must lie"),
        ({"styles": ["Nope"]}, "There is no style “Nope”."),
        ({"carried": "nonsense"}, "What came with the recipe cannot be read."),
    ],
)
def test_what_is_wrong_is_said(alices: Client, change: dict[str, Any], said: str) -> None:
    answer = alices.post("/create/", {**FORM, "styles": [], **change})
    assert answer.status_code in (400, 404, 422) and said in html.unescape(answer.text) and not Job.objects.exists()


def test_use_this_recipe_brings_all_of_it(alices: Client, alice: User) -> None:
    image = finished_image(alice)
    ref = PictureRef(image.sha256, 64, 64, image.code)
    recipe = image.recipe.replace(
        variation=Variation(9, 0.25), palette=Palette(("#c2412d",), 0.4), blend=Blend("a pear", 0.5),
        inversion=Inversion(Inverted(ref, "a red apple")),
    )  # fmt: skip
    GeneratedImage.objects.filter(pk=image.pk).update(recipe_json=recipe.to_json())
    alices.post("/create/draft/", {"styles": "Line art"})
    page = html.unescape(alices.get(f"/create/?image={image.code}").text)
    assert "Drawn from the noise behind a picture and blended with “a pear”" in page
    assert 'value="#c2412d"' in page and 'value="Line art" checked' not in page
    carried = page.partition('name="carried" value="')[2].partition('" checked')[0]
    assert json.loads(carried)["blend"] == {"prompt": "a pear", "amount": 0.5}
    sent = {"prompt": "a red apple", "seed": "1", "carried": carried, "size": "own", "width": "64", "height": "64"}
    alices.post("/create/", sent)
    assert (last().inversion, last().blend) == (recipe.inversion, recipe.blend)


def test_what_is_carried_is_read_whole_or_not_at_all() -> None:
    text = fields_of_parts({"blend": Blend("a pear", 0.5)})["carried"]
    assert carried_parts(text) == {"blend": Blend("a pear", 0.5)}
    assert carried_sentence(text) == "Drawn blended with “a pear”"
    wrong: list[Any] = [[3], 3, {"amount": 0.5}]
    for broken in wrong:
        with pytest.raises(InvalidRecipe):
            carried_parts(json.dumps({"blend": broken}))


def test_what_others_made_is_not_drawn_from(charlies: Client, alice: User) -> None:
    image = finished_image(alice)
    inversion = Recipe("x", inversion=Inversion(Inverted(PictureRef(image.sha256, 64, 64)))).to_json()["inversion"]
    answer = charlies.post("/create/", {"prompt": "x", "carried": json.dumps({"inversion": inversion})})
    assert answer.status_code == 404 and "There is no such picture" in answer.text


def test_a_picture_that_is_read_tells_its_parts(alices: Client) -> None:
    told = Recipe(
        "a red apple", width=128, height=64, variation=Variation(9, 0.25), palette=Palette(("#c2412d",)),
        blend=Blend("a pear"),
    )  # fmt: skip
    data = encode_image(Image.new("RGB", (128, 64)), "png", recipe_text=write_infotext(told))
    alices.post("/create/read/", {"picture": SimpleUploadedFile("found.png", data)})
    fields = Draft.objects.get().fields
    assert (fields["variation_strength"], fields["variation_seed"], fields["palette"]) == ("0.25", "9", "#c2412d")
    page = html.unescape(alices.get("/create/").text)
    assert "blended with “a pear”" in page and "is not taken over" not in page


def test_a_pictures_colours_become_the_palette(alices: Client, charlies: Client, alice: User) -> None:
    picture = encode_image(Image.new("RGB", (32, 32), "#c2412d"), "png")
    sent = {"picture": SimpleUploadedFile("a.png", picture)}
    assert alices.post("/create/colours/", sent, headers=PART).json() == {"palette": "#c2412d"}
    image = finished_image(alice)
    assert alices.post("/create/colours/", {"image": image.code})["Location"] == "/create/"
    assert Draft.objects.get(owner=alice).fields["palette"] == "#ff6347"
    assert charlies.post("/create/colours/", {"image": image.code}).status_code == 404
    bad = {"picture": SimpleUploadedFile("x.png", b"nothing")}
    assert alices.post("/create/colours/", bad, headers=PART).json()["code"] == "unknown-format"
    assert alices.post("/create/colours/", headers=PART).json()["code"] == "no-picture"
