"""The Create page: what stands on it, and the press of the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.credits import wallet_of
from accounts.models import CreditEntry, Plan, User
from generation.models import Checkpoint, GeneratedImage, Job
from generation.recipes.picture import LoraPick
from tests.generation.web.conftest import PART, Draw

FORM = {"prompt": "a red apple", "count": "2", "size": "128x128", "steps": "4", "seed": "7"}


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    page = alices.get("/create/")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "a smiling face with sunglasses" in page.text, "the empty stage offers examples"
    assert 'value="160x104"' in page.text, "sizes come from the checkpoint's own"
    assert "1000" in page.text


def test_strangers_are_sent_to_sign_in(client: Client, catalog: Checkpoint) -> None:
    assert client.get("/create/").headers["Location"] == "/accounts/login/?next=/create/"
    assert client.post("/create/", FORM).status_code == 302
    refusal = client.post("/create/", FORM, headers=PART)
    assert (refusal.status_code, refusal.json()["code"]) == (401, "signed-out")
    assert not Job.objects.exists()


def test_the_day_brings_credits(charlies: Client, charlie: User, catalog: Checkpoint) -> None:
    charlies.get("/create/")
    assert wallet_of(charlie).balance == charlie.plan.daily_credits


def test_a_press_queues_pictures_and_holds_credits(alices: Client, alice: User, catalog: Checkpoint) -> None:
    answer = alices.post("/create/", FORM)
    assert answer.headers["Location"] == "/create/"
    jobs = list(Job.objects.of(alice).order_by("position"))
    assert [job.recipe.seed for job in jobs] == [7, 8]
    assert wallet_of(alice).balance == 998
    page = alices.get("/create/")
    assert all(f'id="tile-{job.code}"' in page.text for job in jobs)
    assert "Waiting for a worker" in page.text


def test_without_a_script_one_looks_again_while_pictures_wait(alices: Client, catalog: Checkpoint) -> None:
    assert "Look again" not in alices.get("/create/").text
    alices.post("/create/", FORM)
    assert '<a href="/create/">Look again</a>' in alices.get("/create/").text
    Job.objects.update(state=Job.State.CANCELLED)
    assert "Look again" not in alices.get("/create/").text


def test_a_script_gets_the_tiles_alone(alices: Client, alice: User, catalog: Checkpoint) -> None:
    answer = alices.post("/create/", FORM, headers=PART)
    assert answer.status_code == 201
    assert answer.text.lstrip().startswith('<section class="submission"')
    assert answer.text.count('class="tile"') == 2


def test_an_untouched_form_takes_the_checkpoints_defaults(alices: Client, alice: User, catalog: Checkpoint) -> None:
    alices.post("/create/", {"prompt": "a rocket"})
    recipe = Job.objects.get().recipe
    assert (recipe.width, recipe.height, recipe.steps, recipe.cfg_scale) == (128, 128, 20, 4.0)


def test_tags_become_picks(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/", {**FORM, "count": "1", "prompt": "a star <lora:fluent-3d:0.5>"})
    (pick,) = Job.objects.get().recipe.loras
    assert (pick.name, pick.weight) == ("fluent-3d", 0.5)
    assert isinstance(pick, LoraPick) and len(pick.sha256) == 64


BAD = [
    ({"prompt": ""}, "prompt", "Write a prompt first"),
    ({"prompt": "x" * 100_000}, "prompt", "The text has 100000 characters; at most 2000 are read."),
    ({"size": "own", "width": "13", "height": "64"}, "width", "Width must lie between 64 and 1536."),
    ({"size": "own", "width": "100", "height": "64"}, "size", "Width must be a multiple of 8."),
    ({"size": "2048x2048"}, "size", "Width must lie between 64 and 1536."),
    ({"size": "large"}, "size", "Choose one of the sizes"),
    ({"steps": "0"}, "steps", "Steps must lie between 1 and 60."),
    ({"steps": "60"}, "steps", "Your plan takes at most 50 steps."),
    ({"cfg_scale": "nan"}, "cfg_scale", "CFG scale must be a number."),
    ({"cfg_scale": "99"}, "cfg_scale", "CFG scale must lie between 1 and 30."),
    ({"seed": "seven"}, "seed", "Seed must be a whole number."),
    ({"seed": str(2**40)}, "seed", "Seed must lie between"),
    ({"count": "0"}, "count", "Number of pictures must be at least 1."),
    ({"count": "9"}, "count", "Your plan makes 8 pictures at once."),
    ({"sampler": "Oil"}, "sampler", "There is no sampler “Oil”."),
    ({"schedule": "Whenever"}, "schedule", "There is no schedule type “Whenever”."),
    ({"checkpoint": "sdxl"}, "checkpoint", "There is no checkpoint “sdxl”."),
    ({"prompt": "a <lora:fluent3d:1>"}, "prompt", "Did you mean “fluent-3d”?"),
    ({"prompt": "a <lora:fluent-3d:much>"}, "prompt", "at character"),
    ({"prompt": "a <lora:fluent-3d:9>"}, "prompt", "must lie between -2 and 2"),
    ({"vae": "clear"}, "vae", "There is no VAE “clear”."),
]
CANNOT_BE: list[dict[str, str]] = [
    {"prompt": ""},
    {"prompt": "x" * 100_000},
    {"size": "own", "width": "13", "height": "64"},
    {"steps": "0"},
    {"cfg_scale": "99"},
    {"seed": str(2**40)},
    {"count": "0"},
    {"size": "own", "width": "100", "height": "64"},
    {"size": "2048x2048"},
    {"size": "large"},
    {"prompt": "a <lora:fluent-3d:9>"},
]
"""Refused by the recipe itself, as by the API."""


@pytest.mark.parametrize(
    ("change", "field", "sentence"), BAD, ids=[f"{field}-{i}" for i, (_, field, _) in enumerate(BAD)]
)
def test_a_refusal_stands_at_its_field_and_costs_nothing(
    alices: Client, alice: User, catalog: Checkpoint, change: dict[str, str], field: str, sentence: str
) -> None:
    answer = alices.post("/create/", {**FORM, **change}, headers=PART)
    assert answer.status_code == (422 if change in CANNOT_BE else 400)
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert sentence in error["detail"]
    assert error["code"]
    assert not Job.objects.exists()
    assert not CreditEntry.objects.filter(kind="hold").exists()


def test_the_plan_says_how_many_pictures_at_once(alices: Client, catalog: Checkpoint) -> None:
    assert alices.get("/create/").text.count('name="count"') == 8
    Plan.objects.update(max_pictures=20)
    page = alices.get("/create/").text
    assert [n for n in range(100) if f'name="count" value="{n}"' in page] == [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20]
    assert alices.post("/create/", {**FORM, "count": "20"}, headers=PART).status_code == 201
    assert Job.objects.count() == 20


def test_a_refused_form_comes_back_as_it_was_typed(alices: Client, catalog: Checkpoint) -> None:
    typed = {"prompt": "a <i>fine</i> apple", "seed": "seven", "negative_prompt": "worms", "steps": "11", "count": "3"}
    page = alices.post("/create/", typed)
    assert page.status_code == 400
    assert "Seed must be a whole number." in page.text
    for said in ("a &lt;i&gt;fine&lt;/i&gt; apple", 'value="seven"', "worms", 'value="11"', 'value="3" checked'):
        assert said in page.text


def test_no_credits_is_a_sentence_told_before(alices: Client, alice: User, catalog: Checkpoint) -> None:
    wallet = wallet_of(alice)
    Plan.objects.filter(pk=alice.plan_id).update(daily_credits=0)
    wallet.balance = 1
    wallet.save(update_fields=["balance"])
    assert "This costs 4 credits and you have 1." in alices.get("/create/").text
    answer = alices.post("/create/", FORM, headers=PART)
    assert answer.status_code == 402
    assert answer.json()["errors"][0]["code"] == "no-credits"
    assert not Job.objects.exists()


def test_a_wrong_csrf_token_queues_nothing(strict: Client, catalog: Checkpoint) -> None:
    assert strict.post("/create/", FORM).status_code == 403
    assert not Job.objects.exists()


def test_a_press_without_scripts_carries_its_token(strict: Client, catalog: Checkpoint) -> None:
    page = strict.get("/create/")
    token = page.context["csrf_token"]
    assert strict.post("/create/", {**FORM, "csrfmiddlewaretoken": str(token)}).status_code == 302
    assert Job.objects.count() == 2


def test_use_this_recipe_fills_the_form(
    alices: Client, alice: User, draw: Callable[..., GeneratedImage], queue: Callable[..., list[Job]]
) -> None:
    image = draw(alice, "a blue car", steps=9, seed=41)
    assert image.job is not None
    for address in (f"/create/?image={image.code}", f"/create/?job={image.job.code}"):
        page = alices.get(address).text
        assert ">a blue car</textarea>" in page
        assert 'name="seed" inputmode="numeric" autocomplete="off" placeholder="New each time" value="41"' in page


def test_other_peoples_recipes_stay_theirs(
    charlies: Client, alice: User, draw: Callable[..., GeneratedImage], queue: Any
) -> None:
    image = draw(alice, "a secret garden")
    assert image.job is not None
    for address in (f"/create/?image={image.code}", f"/create/?job={image.job.code}", f"/create/?post={image.code}"):
        page = charlies.get(address)
        assert page.status_code == 200
        assert "secret" not in page.text


def test_a_lora_can_be_brought_along(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "a cat"})
    assert ">a cat &lt;lora:line-art:0.8&gt;</textarea>" in alices.get("/create/?lora=line-art").text


def test_failures_stay_and_say_why(alices: Client, alice: User, queue: Callable[..., list[Job]]) -> None:
    (job,) = queue(alice)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error_message="The device ran out of memory.")
    page = alices.get("/create/").text
    assert "The device ran out of memory." in page
    assert f"/create/?job={job.code}" in page


def test_only_own_pictures_are_on_the_stage(charlies: Client, alice: User, queue: Callable[..., list[Job]]) -> None:
    (job,) = queue(alice)
    assert job.code not in charlies.get("/create/").text


def test_a_site_without_a_checkpoint_still_answers(alices: Client) -> None:
    assert alices.get("/create/").status_code == 200
    answer = alices.post("/create/", FORM, headers=PART)
    assert answer.json()["errors"][0]["code"] == "no-checkpoint"


def test_a_recipe_used_again_says_that_its_seed_is_kept(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, seed=4711)
    page = alices.get(f"/create/?image={image.code}")
    assert "The seed is kept" in page.text and 'value="4711"' in page.text
    again = alices.get(f"/create/?image={image.code}&new-seed=1")
    assert 'value="4711"' not in again.text
    assert "The seed is kept" not in again.text
    assert "The seed is kept" not in alices.get("/create/").text


def test_the_checkpoint_stands_first_with_its_picture_and_its_own_values(alices: Client, catalog: Checkpoint) -> None:
    page = alices.get("/create/").text
    assert page.index('name="checkpoint"') < page.index('name="prompt"')
    assert "prompt-card__picture" in page
    fresh = alices.get("/create/choices/?checkpoint=emoji-diffusion", headers=PART).text
    assert f'"steps": "{catalog.default_steps}"' in fresh


def test_a_pasted_text_fills_the_form(alices: Client, alice: User, catalog: Checkpoint) -> None:
    text = "a red apple\nNegative prompt: blurry\nSteps: 12, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 128x128"
    answer = alices.post("/create/read/", {"text": text})
    assert answer.status_code == 302
    page = alices.get("/create/")
    assert page.context["form"].initial["prompt"] == "a red apple"
    assert page.context["form"].initial["steps"] == "12"
    refused = alices.post("/create/read/", {"text": "a red apple"}, headers=PART)
    assert refused.status_code == 400
    assert refused.json()["code"] == "no-parameters"
