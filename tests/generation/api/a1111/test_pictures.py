"""Pictures that programs send: what png-info tells of them, and how much a body may hold."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import User
from config.bodies import AROUND, ENCODED, SMALL, Asked, bound_of
from generation.models import GeneratedImage, Job
from generation.storage.downloads import file_bytes
from tests.generation.api.a1111.conftest import ask

DATA_URL = "data:image/png;base64,"
PARAMETERS = "a red apple\nNegative prompt: worms\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 64x64"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def png(side: int = 8, **texts: str) -> bytes:
    chunks, file = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        chunks.add_text(name, text)
    Image.new("RGB", (side, side), "tomato").save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


@pytest.mark.parametrize("head", ["", DATA_URL])
def test_what_a_picture_tells(program: Any, head: str) -> None:
    answer = ask(program, "png-info", {"image": head + encoded(png(parameters=PARAMETERS, Software="Paint"))})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["info"], told["items"]) == (PARAMETERS, {"Software": "Paint"})
    parameters = told["parameters"]
    assert (parameters["Prompt"], parameters["Negative prompt"]) == ("a red apple", "worms")
    assert (parameters["Seed"], parameters["Size-1"], parameters["Sampler"]) == ("7", "64", "Euler a")


def test_a_picture_of_this_site(program: Any, alice: User, catalog: object, drawn: list[Any]) -> None:
    made = ask(program, "txt2img", {"prompt": "a red apple", "seed": 7}).json()
    told = ask(program, "png-info", {"image": made["images"][0]}).json()
    image = GeneratedImage.objects.get()
    assert told["info"] == image.infotext and told["parameters"]["Seed"] == "7"
    assert made["images"] == [encoded(file_bytes(image, "png"))]


def test_a_picture_that_tells_nothing(program: Any) -> None:
    assert ask(program, "png-info", {"image": encoded(png())}).json() == {"info": "", "items": {}, "parameters": {}}


@pytest.mark.parametrize(
    ("image", "status"),
    [
        (None, 404),
        ("", 404),
        ("!!!", 422),
        ("data:image/png;base64,###", 422),
        (encoded(b"no picture at all"), 400),
        (encoded(b"\x89PNG\r\n\x1a\n" + bytes(100)), 400),
        (7, 422),
        (["a"], 422),
        ("http://127.0.0.1:8000/status/", 422),
        ("HTTPS://example.org/a.png", 422),
        ("file:///etc/passwd", 422),
    ],
)
def test_what_is_no_picture(program: Any, image: object, status: int) -> None:
    answer = ask(program, "png-info", {"image": image})
    assert (answer.status_code, set(answer.json())) == (status, {"error", "detail", "body", "errors"})


@pytest.mark.parametrize(
    ("name", "sent", "status", "detail"),
    [
        ("img2img", {"prompt": "a pear"}, 404, "Init image not found"),
        ("img2img", {"prompt": "a pear", "init_images": []}, 404, "Init image not found"),
        ("img2img", {"prompt": "a pear", "init_images": ["!!!"]}, 422, "Invalid encoded image"),
        ("extra-single-image", {"upscaling_resize": 2}, 404, "Image not found"),
        ("extra-single-image", {"image": "!!!"}, 422, "Invalid encoded image"),
    ],
)
def test_as_a1111_says_it(
    program: Any, catalog: object, name: str, sent: dict[str, object], status: int, detail: str
) -> None:
    answer = ask(program, name, sent)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


@pytest.mark.parametrize(
    ("more", "code"),
    [({"upscaler_1": "4x-gone"}, "unknown-upscaler"), ({"upscaling_resize": 8}, "bad-scale")],
)
def test_an_upscale_that_is_not_made(program: Any, more: dict[str, object], code: str) -> None:
    answer = ask(program, "extra-single-image", {"image": DATA_URL + encoded(png(16)), **more})
    assert answer.json()["error"] == code
    assert not Job.objects.exists()


def test_an_upscale_is_waited_for(program: Any, drawn: list[Any]) -> None:
    answer = ask(
        program, "extra-single-image", {"image": encoded(png(16)), "upscaling_resize": 2, "upscaler_1": "Lanczos"}
    )
    assert answer.status_code == 200 and answer.json()["image"]
    (job,) = Job.objects.all()
    assert job.recipe.size == (32, 32) and not job.recipe.is_drawn


def test_a_second_pass_is_read(program: Any, catalog: object, drawn: list[Any]) -> None:
    said = {"enable_hr": True, "hr_scale": 1.5, "denoising_strength": 0.4, "hr_upscaler": "latent (antialiased)",
            "hr_second_pass_steps": 7, "hr_prompt": "a ripe apple"}  # fmt: skip
    assert ask(program, "txt2img", {"prompt": "an apple", "width": 128, "height": 128, **said}).status_code == 200
    hires = Job.objects.get().recipe.hires
    assert hires is not None
    assert (hires.scale, hires.strength, hires.steps) == (1.5, 0.4, 7)
    assert (hires.upscaler, hires.prompt) == ("Latent (antialiased)", "a ripe apple")


def noise(side: int) -> bytes:
    """A picture that is about as large as its pixels, in bytes."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (side, side, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_a_picture_may_be_larger_than_a_request_without_one(program: Any, catalog: object, drawn: list[Any]) -> None:
    picture = encoded(noise(900))
    assert len(picture) > 3 * SMALL
    answers = [
        ask(program, "img2img", {"prompt": "a pear", "width": 64, "height": 64, "init_images": [picture]}),
        ask(program, "extra-single-image", {"image": picture, "upscaling_resize": 1.5}),
        ask(program, "png-info", {"image": picture}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("name", ["txt2img", "png-info", "options"])
def test_what_no_server_has_bounded_is_bounded_all_the_same(
    program: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.api.a1111.encoded.MOST_BODY_BYTES", 2 * SMALL)
    answer = ask(program, name, {"image": encoded(noise(900))})
    assert (answer.status_code, answer.json()["error"]) == (413, "body-too-large")


@pytest.mark.django_db(transaction=True)
def test_bodies_may_hold_a_picture_of_those_who_have_a_token(program: Any) -> None:
    """Others, and other addresses, send a mebibyte; so does whoever sends it as another kind."""
    known, json = {"authorization": f"Bearer {program.key}"}, {"content-type": "application/json"}
    most = {name: bound_of(Asked("POST", f"/sdapi/v1/{name[6:]}", {**known, **json})).most for name in ENCODED}
    assert set(most.values()) == {pictures * 4 * 16 * 2**20 // 3 + AROUND for pictures in (1, 2)}
    basic = base64.b64encode(f"alice:{program.key}".encode()).decode()
    ways = [
        Asked("POST", "/sdapi/v1/png-info", {"authorization": f"Basic {basic}", **json}),
        Asked("POST", f"/k/{program.key}/sdapi/v1/png-info", json),
    ]
    assert all(bound_of(way).most > SMALL for way in ways)
    closed = [
        Asked("POST", "/sdapi/v1/png-info", json),
        Asked("POST", "/sdapi/v1/png-info", known),
        Asked("POST", "/sdapi/v1/png-info", {**known, "content-type": "multipart/form-data; boundary=a"}),
        Asked("POST", "/sdapi/v1/options", {**known, **json}),
        Asked("POST", "/k/tmp_made_up/sdapi/v1/png-info", json),
    ]
    assert {bound_of(way).most for way in closed} == {SMALL}
