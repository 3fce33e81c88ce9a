"""The ControlNet extension of A1111: its units are honoured, its lists are there, and what is not so is told."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Collection
from typing import Any

import pytest
from PIL import Image

from generation.models import Checkpoint, ControlNet, Job, SourcePicture
from tests.generation.catalog.test_controlnets import annotator, controlnet


@pytest.fixture
def edges(catalog: Checkpoint) -> ControlNet:
    return controlnet()


def encoded() -> str:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def asked(*units: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"prompt": "a cat", "steps": 4, "alwayson_scripts": {"ControlNet": {"args": list(units)}}, **more}


def unit(**fields: Any) -> dict[str, Any]:
    return {"enabled": True, "model": "edges [65646765]", "image": encoded(), **fields}


def test_units_become_controlnets(program: Any, edges: ControlNet, drawn: list[Collection[int]]) -> None:
    annotator()
    first = unit(
        module="canny", weight=0.8, guidance_end=0.5, threshold_a=60, threshold_b=-1, resize_mode="Just Resize"
    )
    second = unit(module="far", input_image=encoded(), image=None, resize_mode=2, control_mode=0)
    answer = program.post("/sdapi/v1/txt2img", asked(first, second, {"enabled": False}), format="json")
    assert answer.status_code == 200, answer.json()
    one, other = Job.objects.get().recipe.controls
    assert (one.name, one.preprocessor, one.weight, one.end) == ("edges", "canny", 0.8, 0.5)
    assert (one.low, one.high, one.fit) == (60, 200, "stretch")
    assert (other.preprocessor, other.fit, other.picture.size) == ("far", "fill", (64, 48))
    assert SourcePicture.objects.count() == 1, "the same picture is kept once"


def test_a_picture_may_be_an_object(program: Any, edges: ControlNet, drawn: list[Collection[int]]) -> None:
    answer = program.post("/sdapi/v1/txt2img", asked(unit(image={"image": encoded(), "mask": None})), format="json")
    assert answer.status_code == 200 and len(Job.objects.get().recipe.controls) == 1


def test_another_mode_is_told(program: Any, edges: ControlNet, drawn: list[Collection[int]]) -> None:
    answer = program.post("/sdapi/v1/txt2img", asked(unit(control_mode="My prompt is more important")), format="json")
    assert "My prompt is more important" in json.dumps(json.loads(answer.json()["info"]))


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (unit(image=None), 422, "no input image"),
        (unit(model="None"), 422, "no model"),
        (unit(model="nothing [12345678]"), 422, "no ControlNet"),
        (unit(module="openpose_full"), 422, "no preprocessor"),
        (unit(image="%%%"), 422, "Invalid encoded image"),
        (unit(weight="much"), 422, "must be a number"),
    ],
)
def test_what_cannot_be_is_refused(program: Any, edges: ControlNet, sent: Any, status: int, words: str) -> None:
    answer = program.post("/sdapi/v1/txt2img", asked(sent), format="json")
    assert words in json.dumps(answer.json()) and answer.status_code >= 400
    assert not Job.objects.exists()


def test_img2img_lends_its_picture(program: Any, edges: ControlNet, drawn: list[Collection[int]]) -> None:
    body = asked(unit(image=None), init_images=[encoded()], denoising_strength=0.5)
    answer = program.post("/sdapi/v1/img2img", body, format="json")
    assert answer.status_code == 200, answer.json()
    recipe = Job.objects.get().recipe
    assert recipe.start is not None and recipe.controls[0].picture.sha256 == recipe.start.source.sha256


def test_its_lists(program: Any, edges: ControlNet) -> None:
    annotator()
    assert program.get("/controlnet/model_list").json() == {"model_list": [f"edges [{edges.sha256[:8]}]"]}
    modules = program.get("/controlnet/module_list").json()["module_list"]
    assert {"none", "canny", "tile_resample", "far"} <= set(modules)
    assert program.get("/controlnet/version").json() == {"version": 2}
