"""Each program that speaks this dialect, by the requests that it sends, in their order, as its source has them."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import Job

pytestmark = pytest.mark.usefixtures("catalog", "drawn")


def basic(name: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


def post(client: APIClient, path: str, body: dict[str, Any]) -> Any:
    """JSON without what JavaScript leaves out."""
    return client.post(path, {name: value for name, value in body.items() if value is not None}, format="json")


def first_picture(answer: Any) -> tuple[int, int]:
    """The size of what the program shows, which it reads without asking for the status."""
    data = answer.json()["images"][0]
    assert not data.startswith(("data:", "http"))
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        return picture.size


def notes_of(answer: Any) -> list[str]:
    told: list[str] = json.loads(answer.json()["info"])["notes"]
    return told


@pytest.fixture
def with_basic(program: Any) -> APIClient:
    return APIClient(headers={"Authorization": basic("alice", program.key)})


def test_open_webui(with_basic: APIClient) -> None:
    """Verify, choose a checkpoint by sending all options back, draw with what an administrator never touched."""
    assert 200 <= with_basic.get("/sdapi/v1/options").status_code < 300
    (model,) = with_basic.get("/sdapi/v1/sd-models").json()
    assert {"title", "model_name"} <= model.keys()
    options = with_basic.get("/sdapi/v1/options").json()
    options["sd_model_checkpoint"] = model["title"]
    assert post(with_basic, "/sdapi/v1/options", options).status_code == 200
    assert with_basic.get("/sdapi/v1/options").json()["sd_model_checkpoint"] == model["title"]
    data = {"prompt": "a red apple", "batch_size": 1, "width": 512, "height": 512, "steps": 50}
    answer = post(with_basic, "/sdapi/v1/txt2img", data)
    assert first_picture(answer) == (192, 192)
    assert Job.objects.get().recipe.steps == 50
    more = {"negative_prompt": "worms", "cfg_scale": 5, "sampler_name": "DPM++ 2M", "scheduler": "Karras"}
    assert first_picture(post(with_basic, "/sdapi/v1/txt2img", data | more)) == (192, 192)
    assert Job.objects.latest("pk").recipe.schedule == "Karras"


def test_open_webui_without_a_password(db: None) -> None:
    """It sends an empty header, and takes the error's body for pictures: so this must not look like any."""
    answer = APIClient(headers={"Authorization": ""}).post("/sdapi/v1/txt2img", {"prompt": "x"}, format="json")
    assert answer.status_code == 401 and "images" not in answer.json()


SILLYTAVERN = {
    "prompt": "a red apple", "negative_prompt": "worms", "sampler_name": "DPM++ 2M Karras", "scheduler": "Automatic",
    "steps": 20, "cfg_scale": 7, "width": 512, "height": 512, "restore_faces": False, "enable_hr": False,
    "hr_upscaler": "Latent", "hr_scale": 1, "hr_additional_modules": [], "denoising_strength": 0.7,
    "hr_second_pass_steps": 0, "seed": None,
    "override_settings": {"CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic"},
    "override_settings_restore_afterwards": True, "clip_skip": 1, "save_images": True, "send_images": True,
    "do_not_save_grid": False, "do_not_save_samples": False,
}  # fmt: skip


def test_sillytavern(with_basic: APIClient, program: Any) -> None:
    assert with_basic.get("/sdapi/v1/options").status_code == 200
    names = ("upscalers", "latent-upscale-modes", "sd-vae", "sd-modules", "samplers", "schedulers", "sd-models")
    lists = {name: with_basic.get(f"/sdapi/v1/{name}").json() for name in names}
    assert all(isinstance(each, list) for each in lists.values())
    assert [each["name"] for each in lists["upscalers"]] and [each["name"] for each in lists["samplers"]]
    assert all(isinstance(each["model_name"], str) for each in lists["sd-vae"])
    title = lists["sd-models"][0]["title"]
    assert post(with_basic, "/sdapi/v1/options", {"sd_model_checkpoint": title}).status_code == 200
    told = with_basic.get("/sdapi/v1/progress").json()
    assert told["progress"] == 0 and told["state"]["job_count"] == 0
    assert "forge_preset" not in with_basic.get("/sdapi/v1/options").json()
    secret = {"url": "http://localhost:8000", "auth": f"alice:{program.key}"}
    answer = post(with_basic, "/sdapi/v1/txt2img", SILLYTAVERN | secret)
    assert first_picture(answer) == (192, 192)
    assert notes_of(answer) == ["192×192 pixels are drawn, not 512×512."]
    assert program.key not in answer.content.decode()
    assert with_basic.generic("POST", "/sdapi/v1/interrupt").status_code == 200


def test_sillytavern_with_all_its_switches_on(with_basic: APIClient) -> None:
    switches = {"enable_hr": True, "hr_scale": 2, "restore_faces": True, "seed": 7, "width": 128, "height": 128}
    adetailer = {"ADetailer": {"args": [True, True, {"ad_model": "face_yolov8n.pt"}]}}
    answer = post(with_basic, "/sdapi/v1/txt2img", SILLYTAVERN | switches | {"alwayson_scripts": adetailer})
    assert first_picture(answer) == (256, 256)
    assert [note.split()[0] for note in notes_of(answer)] == ["ADetailer", "restore_faces"]
    assert json.loads(answer.json()["info"])["seed"] == 7


def test_sillytavern_as_stable_diffusion_cpp(program: Any) -> None:
    """It sends no credentials, so its address has the key. Where it lists models is the OpenAI dialect's."""
    body = {
        "prompt": "a red apple", "negative_prompt": "worms", "width": 512, "height": 512, "steps": 20, "cfg_scale": 7,
        "seed": -1, "batch_size": 1, "sampler_name": "euler_a", "scheduler": "karras", "clip_skip": None,
        "model": "dall-e-3",
    }  # fmt: skip
    answer = post(APIClient(), f"/k/{program.key}/sdapi/v1/txt2img", body)
    assert first_picture(answer) == (192, 192)
    recipe = Job.objects.get().recipe
    assert (recipe.sampler, recipe.schedule) == ("Euler a", "Karras")


def test_sillytavern_as_draw_things(with_basic: APIClient, program: Any) -> None:
    """It looks whether the root answers. Which model the program has it reads there too, where a person's page is."""
    assert Client().head("/").status_code == 200
    body = {
        "url": "http://localhost:8000", "auth": f"alice:{program.key}", "prompt": "a red apple",
        "negative_prompt": "worms", "sampler_name": "Euler a", "steps": 20, "cfg_scale": 7, "width": 512,
        "height": 512, "restore_faces": False, "enable_hr": False, "denoising_strength": 0.7, "clip_skip": 1,
        "upscaler_scale": 1, "seed": None,
    }  # fmt: skip
    answer = post(with_basic, "/sdapi/v1/txt2img", body)
    assert first_picture(answer) == (192, 192)
    assert "Unknown fields are ignored: upscaler_scale." in notes_of(answer)


def test_librechat(program: Any, alice: User) -> None:
    """It sends no credentials, always asks for 1024×1024, and reads the size that it got."""
    body = {
        "prompt": "a red apple", "negative_prompt": "worms", "cfg_scale": 4.5, "steps": 22, "width": 1024,
        "height": 1024,
    }  # fmt: skip
    answer = post(APIClient(), f"/k/{program.key}/sdapi/v1/txt2img", body)
    size, info = first_picture(answer), json.loads(answer.json()["info"])
    assert (info["width"], info["height"]) == size == (192, 192)
    assert isinstance(info["seed"], int) and info["infotexts"][0].startswith("a red apple\nNegative prompt: worms\n")
    assert Job.objects.get().owner == alice
