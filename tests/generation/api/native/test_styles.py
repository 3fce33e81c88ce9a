"""The API's styles: listed, made, changed, deleted, picked in a recipe; and the other parts of a recipe."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from generation.catalog.styles import StyleFields, save_style
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.models import GeneratedImage, Job, OwnStyle
from generation.recipes.palette import Palette
from generation.recipes.variation import Variation
from tests.architecture.access_things import finished_image

INK = {"name": "Soft ink", "prompt": "ink drawing of {prompt}", "negative_prompt": "photograph"}


def test_a_style_is_made_changed_and_deleted(alices_api: Any, alice: User) -> None:
    made = alices_api.post("/api/v1/styles", INK, format="json")
    assert made.status_code == 201 and made.json() == {**INK, "code": made.json()["code"], "family": "", "sample": None}
    address = made["Location"]
    assert alices_api.get(address).json() == made.json()
    changed = alices_api.patch(address, {"family": "sdxl"}, format="json").json()
    assert changed == {**made.json(), "family": "sdxl"}
    listed = alices_api.get("/api/v1/styles?family=sdxl").json()
    assert listed[0] == changed and {each["family"] for each in listed} == {"sdxl"}
    assert listed[1]["code"] is None
    assert alices_api.delete(address).status_code == 204 and not OwnStyle.objects.exists()


def test_what_is_refused(alices_api: Any, alice: User, charlie: User) -> None:
    assert alices_api.get("/api/v1/styles?family=sd9").json()["code"] == "bad-family"
    assert alices_api.post("/api/v1/styles", {"name": "x"}, format="json").json()["code"] == "empty-style"
    others = save_style(charlie, StyleFields("Ink", "ink"))
    assert alices_api.get(f"/api/v1/styles/{others.code}").status_code == 404


def recipe_of(api: Any, **fields: Any) -> Any:
    answer = api.post("/api/v1/jobs", {"prompt": "a cat", "seed": 5, **fields}, format="json")
    assert answer.status_code == 202, answer.json()
    return Job.objects.latest("pk").recipe


@pytest.mark.usefixtures("catalog")
def test_a_recipe_takes_styles(alices_api: Any, alice: User) -> None:
    save_style(alice, StyleFields("Ink", "ink drawing of {prompt}", "photo"))
    recipe = recipe_of(alices_api, styles=["ink"], negative_prompt="dogs")
    assert (recipe.prompt, recipe.negative_prompt) == ("ink drawing of a cat", "dogs, photo")
    refused = alices_api.post("/api/v1/jobs", {"prompt": "a cat", "styles": ["nope"]}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown-style")


@pytest.mark.usefixtures("catalog")
def test_a_recipe_takes_variation_blend_and_palette(alices_api: Any, alice: User) -> None:
    sent = {
        "variation": {"seed": 9, "strength": 0.25, "resize_from": [128, 64]},
        "blend": {"prompt": "a dog", "amount": 0.5},
        "palette": {"colours": ["#C2412D", "fff"], "strength": 0.4},
    }
    recipe = recipe_of(alices_api, **sent)
    assert recipe.variation == Variation(9, 0.25, (128, 64))
    assert recipe.palette == Palette(("#c2412d", "#ffffff"), 0.4)
    assert recipe.blend is not None and (recipe.blend.prompt, recipe.blend.amount) == ("a dog", 0.5)
    told = alices_api.get(f"/api/v1/jobs/{Job.objects.latest('pk').code}").json()["recipe"]
    assert (told["variation"], told["blend"]) == (sent["variation"], sent["blend"])
    assert told["palette"] == {"colours": ["#c2412d", "#ffffff"], "strength": 0.4} and told["inversion"] is None
    drawn = recipe_of(alices_api, variation={"strength": 0.5})
    assert drawn.variation.strength == 0.5


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"variation": {"strength": 2}}, "bad-variation-strength"),
        ({"palette": {"colours": ["red"]}}, "bad-palette"),
        ({"blend": {"prompt": " "}}, "empty-prompt"),
        ({"inversion": {"source": {"picture": "nope"}}}, "unknown-picture"),
    ],
)
def test_what_cannot_be_is_refused(alices_api: Any, alice: User, fields: dict[str, Any], code: str) -> None:
    answer = alices_api.post("/api/v1/jobs", {"prompt": "a cat", **fields}, format="json")
    assert answer.status_code in (404, 422) and answer.json()["code"] == code
    assert not Job.objects.exists()


@pytest.mark.usefixtures("catalog")
def test_a_picture_of_ones_own_is_inverted(alices_api: Any, alice: User, charlie: User) -> None:
    own, other = finished_image(alice), finished_image(charlie)
    GeneratedImage.objects.filter(pk=other.pk).update(sha256="d" * 64)
    recipe = recipe_of(alices_api, inversion={"source": {"picture": own.code, "prompt": "a red apple"}})
    assert recipe.inversion.source.picture.sha256 == own.sha256
    told = alices_api.get(f"/api/v1/jobs/{Job.objects.latest('pk').code}").json()["recipe"]["inversion"]
    assert told["source"] == {"picture": own.code, "prompt": "a red apple"} and told["toward"] is None
    body = {"prompt": "a cat", "inversion": {"source": {"picture": other.code}}}
    assert alices_api.post("/api/v1/jobs", body, format="json").status_code == 404


@pytest.mark.usefixtures("catalog")
def test_what_a_file_tells_of_them_can_be_sent_as_it_is(alices_api: Any, alice: User) -> None:
    own = finished_image(alice)
    sent = {
        "variation": {"seed": 9, "strength": 0.25, "resize_from": [128, 64]},
        "blend": {"prompt": "a dog", "amount": 0.5},
        "palette": {"colours": ["#c2412d"], "strength": 0.4},
        "inversion": {"source": {"picture": own.code, "prompt": "a red apple"}, "toward": None, "amount": 0.0},
    }
    recipe = recipe_of(alices_api, **sent)
    file = encode_image(Image.new("RGB", (64, 64)), "png", recipe_text=write_infotext(recipe))
    upload = {"picture": SimpleUploadedFile("a.png", file)}
    read = alices_api.post("/api/v1/recipes/read", upload, format="multipart").json()
    assert read["unmatched"] == []
    sent["inversion"]["source"]["picture"] = own.sha256  # type: ignore[index]
    assert {name: read["recipe"][name] for name in sent} == sent
    again = alices_api.post("/api/v1/jobs", read["recipe"], format="json")
    assert again.status_code == 202 and Job.objects.latest("pk").recipe.to_json() == recipe.to_json()
