"""The API's second passes and upscales: asked for in a recipe, told back, read out of a file, refused for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Plan, User
from generation.models import Job, Upscaler
from generation.recipes.enlarging import LATENT_MODES
from tests.conftest import credits_of
from tests.generation.conftest import Draw, draw_next

JOBS = "/api/v1/jobs"
HIRES = {
    "scale": 1.5, "steps": 7, "strength": 0.4, "upscaler": "Lanczos", "sampler": "DDIM", "schedule": "",
    "prompt": "a ripe apple", "negative_prompt": "",
}  # fmt: skip


def ask(api: APIClient, **fields: Any) -> Any:
    return api.post(JOBS, {"prompt": "a red apple", "width": 128, "height": 128, **fields}, format="json")


def test_upscalers_are_listed(client: Client, db: None) -> None:
    Upscaler.objects.create(name="4x-net", title="Net", scale=4, path="x", sha256="c" * 64)
    rows = client.get("/api/v1/upscalers").json()
    assert [row["name"] for row in rows] == ["Lanczos", *LATENT_MODES, "4x-net"]
    assert rows[-1] == {"name": "4x-net", "scale": 4, "latent": False, "sha256": "c" * 64}


@pytest.mark.usefixtures("catalog")
def test_a_second_pass_is_drawn_told_and_read_again(alices_api: APIClient) -> None:
    large = {"prompt": "a red apple", "width": 512, "height": 512, "steps": 40}
    dear, cheap = (
        alices_api.post(f"{JOBS}?dry_run=true", {**large, "hires": hires}, format="json").json()["credits"]
        for hires in (HIRES, None)
    )
    assert dear > cheap
    assert ask(alices_api, hires=HIRES).status_code == 202
    image = draw_next()
    assert image is not None and image.job is not None and (image.width, image.height) == (192, 192)
    assert alices_api.get(f"{JOBS}/{image.job.code}").json()["recipe"]["hires"] == HIRES
    file = SimpleUploadedFile("a.png", alices_api.get(f"/api/v1/images/{image.code}/file/png").content)
    read = alices_api.post("/api/v1/recipes/read", {"picture": file}, format="multipart").json()
    assert (read["recipe"]["hires"], read["unmatched"]) == (HIRES, [])
    assert alices_api.post(JOBS, read["recipe"], format="json").status_code == 202
    assert Job.objects.latest("pk").recipe.hires == image.recipe.hires


def test_an_upscale_keeps_what_its_picture_was_drawn_with(alices_api: APIClient, alice: User, draw: Draw) -> None:
    """It needs no prompt, which is that of the picture."""
    image = draw(alice, "a green pear")
    answer = alices_api.post(JOBS, {"prompt": "", "enlarge": {"source": image.code, "scale": 3}}, format="json")
    assert answer.status_code == 202, answer.json()
    (told,) = answer.json()["jobs"]
    assert (told["recipe"]["prompt"], told["recipe"]["enlarge"]["source"]["code"]) == ("a green pear", image.code)
    larger = draw_next()
    assert larger is not None and (larger.width, larger.height) == (3 * image.width, 3 * image.height)
    file = SimpleUploadedFile("a.png", alices_api.get(f"/api/v1/images/{larger.code}/file/png").content)
    read = alices_api.post("/api/v1/recipes/read", {"picture": file}, format="multipart").json()
    assert read["recipe"]["enlarge"] == {
        "source": image.sha256, "scale": 3.0, "upscaler": "Lanczos", "strength": 0.0, "overlap": 64,
    }  # fmt: skip
    assert alices_api.post(JOBS, read["recipe"], format="json").status_code == 202


@pytest.mark.usefixtures("catalog")
def test_all_others_need_a_prompt(alices_api: APIClient) -> None:
    assert ask(alices_api, prompt=" ").json()["code"] == "empty-prompt"


@pytest.mark.parametrize(
    ("larger", "status", "code"),
    [
        ({"hires": {"scale": 5}}, 422, "bad-hires-scale"),
        ({"hires": {"upscaler": "4x-gone"}}, 422, "unknown-upscaler"),
        ({"hires": {"sampler": "Magic"}}, 400, "unknown-sampler"),
        ({"hires": {"sampler": "LCM", "schedule": "Karras"}}, 422, "bad-schedule"),
        ({"hires": {"prompt": "a (cat:1..2)"}}, 400, "bad-weight"),
        ({"hires": {"prompt": "a <lora:gone:1>"}}, 400, "unknown-lora"),
        ({"blend": {"prompt": "a (cat:1..2)"}}, 400, "bad-weight"),
        ({"hires": {"scale": 4}}, 400, "result-too-large"),
        ({"enlarge": {"scale": 4.5}}, 422, "bad-scale"),
        ({"enlarge": {"scale": 4}}, 400, "result-too-large"),
        ({"enlarge": {"upscaler": "4x-gone"}}, 422, "unknown-upscaler"),
        ({"enlarge": {"source": "nothing"}}, 404, "unknown-picture"),
        ({"enlarge": {}, "hires": {}}, 422, "bad-enlarge"),
    ],
)
def test_what_is_not_made_costs_nothing(
    alices_api: APIClient, alice: User, draw: Draw, larger: dict[str, Any], status: int, code: str
) -> None:
    image = draw(alice, width=128, height=128)
    Plan.objects.update(max_result_pixels=300 * 300)
    before = credits_of(alice)
    if "enlarge" in larger:
        larger = {**larger, "enlarge": {"source": image.code, **larger["enlarge"]}}
    answer = ask(alices_api, **larger)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert credits_of(alice) == before and Job.objects.count() == 1


def test_a_strangers_picture_is_not_enlarged(alices_api: APIClient, charlie: User, draw: Draw) -> None:
    answer = ask(alices_api, enlarge={"source": draw(charlie).code})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-picture")
