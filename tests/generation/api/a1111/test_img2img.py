"""img2img: what each of its own fields becomes, what is missing, and what is refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from accounts.models import User
from generation.api.a1111.fields import FROM_PICTURES, USED
from generation.api.a1111.reading import Reader
from generation.api.a1111.starting import StartReader
from generation.imaging import brought
from generation.models import Job, SourcePicture
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start
from tests.conftest import credits_of
from tests.generation.api.a1111.conftest import ask

pytestmark = pytest.mark.usefixtures("catalog", "drawn")


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def encoded(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


PICTURE = encoded(Image.new("RGB", (96, 64), "tomato"))
WHITE = Image.new("L", (96, 64))
WHITE.paste(255, (0, 0, 48, 64))
MASK = encoded(WHITE)


def make(program: Any, **fields: object) -> dict[str, Any]:
    answer = ask(program, "img2img", {"prompt": "a pear", "init_images": [PICTURE], **fields})
    assert answer.status_code == 200, answer.json()
    return {**answer.json(), "info": json.loads(answer.json()["info"])}


def recipe_of(program: Any, **fields: object) -> Recipe:
    make(program, **fields)
    recipe: Recipe = Job.objects.latest("pk").recipe
    return recipe


def start_of(program: Any, **fields: object) -> Start:
    start = recipe_of(program, **fields).start
    assert start is not None
    return start


def test_the_answer(program: Any, alice: User) -> None:
    body = make(program, denoising_strength=0.5, seed=7, batch_size=2, steps=4)
    pictures = [Image.open(io.BytesIO(base64.b64decode(each))) for each in body["images"]]
    assert [picture.size for picture in pictures] == [(96, 64)] * 2, "without a size it is the picture's"
    assert body["info"]["denoising_strength"] == 0.5 and body["info"]["notes"] == []
    assert "Denoising strength: 0.5" in body["info"]["infotexts"][0]
    assert not {"init_images", "mask"} & body["parameters"].keys()
    assert SourcePicture.objects.get().owner == alice


def test_what_is_missing_is_what_a1111_takes(program: Any) -> None:
    plain = start_of(program)
    assert (plain.strength, plain.mask, plain.fit, plain.area) == (0.75, None, "stretch", "whole")
    masked = start_of(program, mask=MASK)
    assert (masked.mask_blur, masked.masked_content, masked.area, masked.padding) == (4, "fill", "masked", 0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"denoising_strength": 0}, {"strength": 0.0}),
        ({"resize_mode": 1}, {"fit": "crop"}),
        ({"resize_mode": 2}, {"fit": "fill"}),
        ({"resize_mode": 3}, {"fit": "stretch"}),
        ({"mask": MASK, "mask_blur": 0}, {"mask_blur": 0}),
        ({"mask": MASK, "inpainting_fill": 1}, {"masked_content": "original"}),
        ({"mask": MASK, "inpainting_fill": 2}, {"masked_content": "noise"}),
        ({"mask": MASK, "inpainting_fill": 3}, {"masked_content": "nothing"}),
        ({"mask": MASK, "inpaint_full_res": False}, {"area": "whole"}),
        ({"mask": MASK, "inpaint_full_res_padding": 32}, {"padding": 32}),
    ],
)
def test_every_field(program: Any, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    start = start_of(program, **fields)
    assert {name: getattr(start, name) for name in expected} == expected


@pytest.mark.parametrize(("invert", "left"), [(0, 255), (1, 0)])
def test_a_mask_may_be_inverted(program: Any, invert: int, left: int) -> None:
    start = start_of(program, mask=MASK, inpainting_mask_invert=invert)
    assert start.mask is not None
    with default_storage.open(SourcePicture.objects.get(sha256=start.mask.sha256).file) as file:
        assert Image.open(file).convert("L").getpixel((0, 0)) == left


def test_a_size_of_its_own(program: Any) -> None:
    recipe = recipe_of(program, width=64, height=128)
    assert (recipe.width, recipe.height) == (64, 128)


def test_what_is_not_as_it_was_asked_is_told(program: Any) -> None:
    notes = make(program, init_images=[PICTURE, PICTURE], resize_mode=3, initial_noise_multiplier=0.5)["info"]["notes"]
    assert notes == [
        "initial_noise_multiplier is ignored. Samplers have the noise of their own.",
        "The first of 2 init_images is taken.",
        "The picture is resized before it is encoded, not after.",
    ]


def test_the_tables_say_each_field_once() -> None:
    for reader in (Reader, StartReader):
        assert not reader.used.keys() & reader.unused.keys()
    assert USED.keys() | FROM_PICTURES.keys() <= StartReader.used.keys() | StartReader.unused.keys()


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"init_images": []}, 404, "no-picture"),
        ({"init_images": ["http://127.0.0.1/a.png"]}, 422, "no-addresses"),
        ({"init_images": [base64.b64encode(b"<svg/>").decode()]}, 400, "unknown-format"),
        ({"mask": encoded(Image.new("L", (64, 64), 255))}, 422, "bad-mask-size"),
        ({"mask": encoded(Image.new("L", (96, 64)))}, 400, "empty-mask"),
        ({"denoising_strength": 1.5}, 422, "bad-strength"),
        ({"mask": MASK, "mask_blur": 65}, 422, "bad-mask-blur"),
        ({"resize_mode": 4}, 422, "bad-resize-mode"),
    ],
)
def test_what_is_refused_costs_nothing(
    program: Any, alice: User, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(program, "img2img", {"prompt": "a pear", "init_images": [PICTURE], **fields})
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.json()
    assert not Job.objects.exists() and credits_of(alice) == 1000
