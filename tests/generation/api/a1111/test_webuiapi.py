"""The package `webuiapi` over a socket, against the true web server and a worker that draws."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from webuiapi import WebUIApi

from accounts.models import ApiToken, User
from generation.models import GeneratedImage, Job
from tests.conftest import credits_of
from tests.journeys.site import Site

SMALL = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 2, "cfg_scale": 4.0}
PATIENCE_SECONDS = 120


@pytest.fixture
def key(site: Site, alice: User) -> str:
    return str(ApiToken.objects.create(user=alice, name="webuiapi")[1])


@pytest.fixture
def api(site: Site, key: str) -> Any:
    return WebUIApi(host="localhost", port=site.port, username="alice", password=key)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_draws(api: Any, alice: User) -> None:
    result = api.txt2img(**SMALL, negative_prompt="worms", seed=7, batch_size=2)
    assert [image.size for image in result.images] == [(128, 128)] * 2
    assert (result.info["all_seeds"], result.info["notes"]) == ([7, 8], [])
    assert result.parameters["prompt"] == "a red apple"
    assert "Seed: 7" in api.png_info(result.image).info
    paid = sum(job.credits for job in Job.objects.all())
    assert (Job.objects.count(), credits_of(alice)) == (2, 1000 - paid)


def test_what_it_sends_by_itself_is_understood(api: Any) -> None:
    """Its payload names every field of A1111; only the size is not what it says."""
    result = api.txt2img(prompt="a red apple", steps=2)
    assert result.image.size == (192, 192)
    assert result.info["notes"] == ["192×192 pixels are drawn, not 512×512."]
    assert result.info["sampler_name"] == "Euler a"


def test_it_lists_and_chooses(api: Any) -> None:
    (title,) = api.util_get_model_names()
    api.util_set_model("emoji")
    assert api.util_get_current_model() == title
    api.util_wait_for_ready(0.1)
    assert "Euler a" in api.util_get_sampler_names() and "karras" in api.util_get_scheduler_names()
    assert {each["name"] for each in api.get_loras()} == {"fluent-3d", "line-art"}
    assert api.get_sd_vae() == [] and api.get_latent_upscale_modes()[0] == {"name": "Latent"}
    assert "Line art" in {each["name"] for each in api.get_prompt_styles()}
    assert api.get_upscalers()[0]["name"] == "None"
    assert api.get_embeddings().keys() == {"loaded", "skipped"}
    assert api.get_memory().keys() == {"ram", "cuda"}
    assert api.get_cmd_flags()["api"] is True
    assert "txt2img" in api.get_scripts()
    assert not (api.has_controlnet or api.has_adetailer or api.has_animatediff)


def test_options_are_this_tokens(api: Any, site: Site, alice: User) -> None:
    api.set_options({"CLIP_stop_at_last_layers": 2})
    other = WebUIApi(baseurl=f"{site.address}/k/{ApiToken.objects.create(user=alice, name='o')[1]}/sdapi/v1")
    told = [each.get_options()["CLIP_stop_at_last_layers"] for each in (api, other)]
    assert told == [2, 1]


def test_it_interrupts(api: Any, site: Site, key: str) -> None:
    results: list[Any] = []
    slow = {**SMALL, "steps": 50, "batch_size": 8}
    asking = threading.Thread(target=lambda: results.append(api.txt2img(**slow)))
    asking.start()
    # A session is one thread's.
    beside = WebUIApi(host="localhost", port=site.port, username="alice", password=key)
    until(lambda: beside.get_progress()["state"]["job_count"] == 8)
    until(lambda: beside.get_progress()["progress"] > 0)
    assert beside.interrupt() == {}
    asking.join(PATIENCE_SECONDS)
    (result,) = results
    assert len(result.images) < 8 and result.info["notes"] == ["It was interrupted."]
    assert beside.get_progress()["progress"] == 0


@pytest.mark.parametrize(
    ("call", "status", "error"),
    [
        (lambda api: api.txt2img(**{**SMALL, "steps": 10**9}), 422, "bad-steps"),
        (lambda api: api.txt2img(**SMALL, sampler_name="Magic"), 404, "unknown-sampler"),
        (lambda api: api.txt2img(**SMALL, script_name="X/Y/Z plot"), 422, "unknown-script"),
        (lambda api: api.img2img(images=[], prompt="a pear"), 404, "no-picture"),
    ],
)
def test_refusals_reach_its_people(api: Any, call: Callable[[Any], Any], status: int, error: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        call(api)
    assert (raised.value.args[0], json.loads(raised.value.args[1])["error"]) == (status, error)


def noise() -> Any:
    """Larger than a request without a picture may be."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (900, 900, 3), np.uint8))


def test_pictures_from_pictures(api: Any) -> None:
    """As the client sends them: all fields there are, and the mask beside the picture."""
    from PIL import Image

    mask = Image.new("L", (900, 900))
    mask.paste(255, (300, 300, 600, 600))
    whole = api.img2img(images=[noise()], denoising_strength=0.5, **SMALL)
    assert whole.image.size == (128, 128) and whole.info["denoising_strength"] == 0.5
    masked = api.img2img(images=[noise()], mask_image=mask, inpaint_full_res=True, **SMALL)
    assert masked.image.size == (900, 900) and masked.image.getpixel((9, 9)) == noise().getpixel((9, 9))


def test_it_enlarges(api: Any) -> None:
    assert api.extra_single_image(noise(), upscaler_1="None", upscaling_resize=1.5).image.size == (1350, 1350)


def test_a_wrong_password(site: Site, alice: User) -> None:
    stranger = WebUIApi(host="localhost", port=site.port, username="alice", password="a long enough password")
    with pytest.raises(RuntimeError) as raised:
        stranger.txt2img(**SMALL)
    assert raised.value.args[0] == 401


def test_a_key_in_the_address_is_not_written_down(site: Site, key: str) -> None:
    api = WebUIApi(baseurl=f"{site.address}/k/{key}/sdapi/v1")
    assert api.txt2img(**SMALL, seed=7).info["seed"] == 7
    assert api.custom_get("nothing", baseurl=True)["error"] == "not-found"
    assert key not in site.logs() and key.encode() not in (site.folder / "web.log").read_bytes()


def test_a_program_that_hangs_up_is_drawn_for_and_pays_once(site: Site, key: str, alice: User) -> None:
    """As A1111 does: what was asked for goes on, and is found among one's pictures."""
    line = http.client.HTTPConnection("localhost", site.port, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    log = site.folder / "web.log"
    before = log.stat().st_size
    line.request("POST", "/sdapi/v1/txt2img", json.dumps({**SMALL, "steps": 50}), headers)
    until(Job.objects.exists)
    line.close()
    until(lambda: not Job.objects.unfinished().exists())
    (job,) = Job.objects.all()
    assert job.state == Job.State.DONE and GeneratedImage.objects.of(alice).count() == 1
    assert credits_of(alice) == 1000 - job.credits
    told = log.read_bytes()[before:].decode(errors="replace")
    assert "took too long to shut down" not in told and "Traceback" not in told, told
