"""What is read from a picture can be submitted as it is, or a line says what cannot."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin
from rest_framework.test import APIClient

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.matching import read_recipe
from generation.imaging.matching import MatchedRecipe
from generation.jobs.submission import prepare_jobs
from generation.models import Checkpoint, Lora
from generation.recipes.fields import defaults_for
from generation.recipes.picture import Recipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES

FOREIGN_SAMPLERS = (
    "dpmpp_2m_karras", "k_euler", "k_euler_a", "k_dpmpp_2m", "euler_ancestral", "DPM++ 2M SDE Heun Karras",
    "DPM fast", "DPM adaptive", "Restart", "ddim_uniform", "dpmpp_3m_sde_gpu", "uni_pc_bh2", "LCM Karras",
    "res_multistep", "Euler A Turbo", "", "DPM++ 2S a Karras", "Heun++", "ER SDE", "DDIM CFG++", "плохой",
)  # fmt: skip
FOREIGN_SCHEDULES = (
    "", "karras", "sgm_uniform", "Align Your Steps", "AYS 32", "KL Optimal", "Turbo", "beta57", "linear_quadratic",
    "DDIM", "ddim_uniform", "Uniform", "None", "Polyexponential", "normal", "simple",
)  # fmt: skip
SIZES = ("128x128", "512x512", "513x512", "7x9", "64x64", "1536x1536", "1536x1024", "4096x4096", "0x0", "99999x1", "")
SEEDS = ("1", "0", "-1", "4294967295", "4294967296", "510624072213608", "18446744073709551615", "1.5", "None", "")
STEPS = ("1", "4", "20", "50", "51", "60", "61", "150", "0", "-3", "20.0", "")
CFG = ("7", "1", "0.5", "30", "31", "7.25", "nan", "1e999", "-7", "")
PROMPTS = (
    "a red apple", "", "   ", "a (cat:1..2)", "{a|b} __nope__", "${x}", "<lora:gone:1>", "<lora:line-art:9>",
    "<lora:line-art:x>", "<lora:line-art:1> " * 7, "<hypernet:x:1>", "a AND b AND c :1e999", "x" * 2_500, "[a:b:1.0]",
    "(((((", "<lora:other:1>", "a\x00b", "a AND " * 30 + "b", "<lora::1>", "🎨 (x:" + "9" * 400 + ")",
)  # fmt: skip
EXTRAS = (
    "Hires upscale: 2, Hires upscaler: Latent, Hires steps: 10, Denoising strength: 0.5", "Clip skip: 2",
    "Clip skip: 99", "Model: dreams, Model hash: 0123456789", "Model: emoji-diffusion.safetensors",
    "Model: folder\\\\emoji-diffusion", "VAE: vae-ft-mse.pt", "Emphasis: Ignore", "RNG: CPU", "ENSD: 31337",
    "Version: v1.5.1", "Tiling: True", "", "Variation seed: 5, Variation seed strength: 0.3",
    "Hires sampler: DPM++ SDE, Hires schedule type: Beta", "TI hashes: \"gone: 0123456789ab\"",
    "Eta: 0.5, Mask blur: 4", "Hires upscale: 4, Hires upscaler: 4x-gone", "Hires resize: 256x256",
    "Hires upscale: 1.5, Hires upscaler: Latent, Hires sampler: DPM++ SDE, Hires schedule type: Align Your Steps",
    "Hires upscale: 2, Hires upscaler: Lanczos, Hires steps: 60, Hires prompt: \"a <lora:gone:1>\"",
    "Hires upscale: 1, Hires sampler: Euler A Turbo, Hires prompt: \"a (cat:1..2)\"", "Hires upscale: nine",
    "Hires upscale: 2, Hires sampler: LCM, Hires steps: 60", "Postprocess upscale by: 4, Postprocess upscaler: ESRGAN",
)  # fmt: skip


def texts(count: int) -> Iterator[str]:
    """Every value of every list several times, in other company each time."""
    chance = random.Random(17)
    samplers, schedules = (*SAMPLERS, *FOREIGN_SAMPLERS), (*SCHEDULES, *FOREIGN_SCHEDULES)
    for number in range(count):
        pairs = {
            "Steps": chance.choice(STEPS),
            "Sampler": samplers[number % len(samplers)],
            "Schedule type": chance.choice(schedules),
            "CFG scale": chance.choice(CFG),
            "Seed": chance.choice(SEEDS),
            "Size": chance.choice(SIZES),
        }
        last = ", ".join(f"{key}: {value}" for key, value in pairs.items() if value)
        prompt, negative = (
            chance.choice(PROMPTS[:1] * 3 + (PROMPTS[number % len(PROMPTS)],)),
            chance.choice(PROMPTS[:1] * 40 + PROMPTS),
        )
        yield f"{prompt}\nNegative prompt: {negative}\n{last}, {chance.choice(EXTRAS)}"


def picture(**parts: str) -> SimpleUploadedFile:
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for key, text in parts.items():
        info.add_itxt(key, text)
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return SimpleUploadedFile("picture.png", file.getvalue())


def submitted(user: User, matched: MatchedRecipe) -> Refusal | None:
    """As `POST /api/v1/jobs` would with what was read."""
    try:
        values = {**defaults_for(Checkpoint.objects.get(is_default=True)), "seed": 0, **matched.values}
        prepare_jobs(user, Recipe(**{**values, **matched.parts, **matched.larger}))
    except Refusal as refusal:
        return refusal
    return None


def test_what_is_read_is_drawn_or_a_line_says_why_not(alice: User, catalog: Checkpoint) -> None:
    Lora.objects.create(name="other", title="Other", family="sdxl", path="x", sha256="c" * 64)
    drawable = 0
    for text in texts(300):
        try:
            matched = read_recipe(alice, picture(parameters=text))
        except Refusal as unread:
            assert unread.code == "no-parameters"
            continue
        json.dumps(matched.values, allow_nan=False).encode()
        refusal = submitted(alice, matched)
        drawable += refusal is None
        if refusal:
            assert refusal.field in ("prompt", "negative_prompt", "loras", "hires_prompt"), (refusal.message, text)
            assert any(miss.kind in ("lora", "value") for miss in matched.unmatched), (refusal.message, text)
    assert drawable > 60


def test_a_second_pass_beyond_the_plan_is_told_and_left_out(alice: User, catalog: Checkpoint) -> None:
    alice.plan.max_result_pixels = 512 * 512
    alice.plan.save()
    text = "a\nSteps: 20, Sampler: Euler, Seed: 1, Size: 512x512, Hires upscale: 2, Hires upscaler: Latent"
    matched = read_recipe(alice, picture(parameters=text))
    (miss,) = matched.unmatched
    assert (miss.kind, miss.name) == ("value", "Hires") and miss.message.endswith(".")
    assert matched.larger == {} and submitted(alice, matched) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a <lora:other:1>", "prompt"),
        ("a (cat:1..2)", "prompt"),
        ("a ${x}", "prompt"),
        ("a <lora:line-art:9>", "prompt"),
        (" ".join(f"<lora:line-art:0.{n}>" for n in range(1, 8)), "prompt"),
        ("a\nNegative prompt: __nope__", "negative_prompt"),
    ],
)
def test_a_prompt_that_would_be_refused_is_told(alice: User, catalog: Checkpoint, text: str, name: str) -> None:
    Lora.objects.create(name="other", title="Other", family="sdxl", path="x", sha256="c" * 64)
    matched = read_recipe(alice, picture(parameters=f"{text}\nSteps: 20, Sampler: Euler, Seed: 1"))
    assert [(miss.kind, miss.name) for miss in matched.unmatched] == [("value", name)]


def test_what_the_plan_does_not_allow_is_told_and_left_out(alice: User, catalog: Checkpoint) -> None:
    plan = alice.plan
    plan.max_steps, plan.max_pixels = 30, 300_000
    plan.save()
    text = "a\nSteps: 40, Sampler: Euler, Seed: 1, Size: 768x512"
    matched = read_recipe(alice, picture(parameters=text))
    assert {miss.name: miss.message for miss in matched.unmatched} == {
        "Steps": "Your plan takes at most 30 steps. The picture says 40.",
        "Size": "Your plan draws at most 300,000 pixels a picture. The picture says 768×512.",
    }
    assert submitted(alice, matched) is None


def test_the_api_takes_what_it_has_read(alices_api: APIClient, catalog: Checkpoint) -> None:
    text = "a red apple\nSteps: 20, Sampler: dpmpp_2m_karras, CFG scale: 4, Seed: 510624072213608, Size: 128x128"
    read = alices_api.post("/api/v1/recipes/read", {"picture": picture(parameters=text)}, format="multipart").json()
    assert [miss["name"] for miss in read["unmatched"]] == ["Seed"]
    assert "4,294,967,295" in read["unmatched"][0]["message"]
    made = alices_api.post("/api/v1/jobs", read["recipe"], format="json")
    assert made.status_code == 202, made.content


def test_halves_of_signs_in_a_graph_are_no_fault_of_ours(alices_api: APIClient, catalog: Checkpoint) -> None:
    graph = {
        "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "a \ud83c apple", "clip": ["4", 1]}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
        "3": {
            "class_type": "KSampler",
            "inputs": {"seed": 1, "steps": 4, "cfg": 4, "sampler_name": "euler", "scheduler": "normal", "denoise": 1,
                       "model": ["4", 0], "positive": ["1", 0], "negative": ["2", 0], "latent_image": ["5", 0]},
        },
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "x.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
    }  # fmt: skip
    read = alices_api.post("/api/v1/recipes/read", {"picture": picture(prompt=json.dumps(graph))}, format="multipart")
    assert read.status_code == 200
    body = read.json()
    assert body["recipe"]["prompt"] == "a \ufffd apple"
    assert any("could not be read" in miss["message"] for miss in body["unmatched"])
    assert alices_api.post("/api/v1/jobs", body["recipe"], format="json").status_code == 202
