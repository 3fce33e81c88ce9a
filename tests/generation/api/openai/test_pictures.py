"""Pictures from prompts and variations in OpenAI's words: what is drawn, what is answered, whose they are."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from accounts.credits import grant
from accounts.models import ApiToken, User
from generation.api.openai.links import SECONDS
from generation.catalog.safeguards.pictures import SENTENCE, WITHHELD
from generation.jobs.lifecycle import cancel_job, fail_job
from generation.jobs.queueing import claim_next
from generation.models import Checkpoint, GeneratedImage, Job
from generation.storage.downloads import file_bytes
from tests.conftest import credits_of
from tests.generation.api.openai.conftest import STREAMED, body_of
from tests.generation.conftest import Draw

pytestmark = [pytest.mark.usefixtures("drawn"), pytest.mark.filterwarnings(STREAMED)]
URL = "/v1/images/generations"


def ask(client: APIClient, **fields: Any) -> Any:
    return client.post(URL, {"prompt": "a red apple", "size": "128x128", **fields}, format="json")


def picture(row: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(row["b64_json"])))


def test_a_picture(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    answer = ask(alices_api, seed=7, num_inference_steps=4, guidance_scale=3.5, negative_prompt="text")
    assert answer.status_code == 200
    body = body_of(answer)
    (job,) = Job.objects.all()
    assert (picture(body["data"][0]).format, picture(body["data"][0]).size) == ("PNG", (128, 128))
    assert list(body["data"][0]) == ["b64_json"]
    assert body["created"] == int(job.created_at.timestamp())
    facts = {"size": "128x128", "quality": "medium", "background": "opaque", "output_format": "png"}
    assert {name: body[name] for name in facts} == facts
    assert (body["usage"]["total_tokens"], body["usage"]["credits"]) == (0, job.credits)
    recipe = job.recipe
    assert (recipe.seed, recipe.steps, recipe.cfg_scale, recipe.negative_prompt) == (7, 4, 3.5, "text")
    assert (job.owner, job.token, recipe.checkpoint) == (alice, ApiToken.objects.get(), catalog.name)
    assert credits_of(alice) == 1000 - job.credits


def test_what_is_left_out_is_the_checkpoints(alices_api: APIClient, catalog: Checkpoint) -> None:
    alices_api.post(URL, {"prompt": "a red apple"}, format="json")
    recipe = Job.objects.get().recipe
    assert (recipe.width, recipe.height) == (catalog.native_width, catalog.native_height)
    assert (recipe.steps, recipe.sampler) == (catalog.default_steps, catalog.default_sampler)


def test_several_with_seeds_counting_up(alices_api: APIClient) -> None:
    assert len(body_of(ask(alices_api, n=3, seed=7))["data"]) == 3
    assert sorted(job.recipe.seed for job in Job.objects.all()) == [7, 8, 9]
    assert Job.objects.values("submission").distinct().count() == 1


@pytest.mark.parametrize(("format", "name"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_formats(alices_api: APIClient, format: str, name: str) -> None:
    body = body_of(ask(alices_api, output_format=format))
    assert (picture(body["data"][0]).format, body["output_format"]) == (name, format)


def test_compression_makes_it_smaller(alices_api: APIClient) -> None:
    sizes = [
        len(body_of(ask(alices_api, output_format="jpeg", output_compression=value, seed=1))["data"][0]["b64_json"])
        for value in (100, 10)
    ]
    assert sizes[1] < sizes[0]


def test_words_that_were_not_sent_are_told(alices_api: APIClient) -> None:
    (row,) = body_of(ask(alices_api, style="natural"))["data"]
    assert row["revised_prompt"] == "a red apple, natural colours, soft light"
    (row,) = body_of(ask(alices_api, prompt="a {red|red} apple"))["data"]
    assert row["revised_prompt"] == "a red apple"


def test_who_is_meant_by_user_is_nobody(alices_api: APIClient, alice: User, charlie: User) -> None:
    body = body_of(ask(alices_api, user="charlie", safety_identifier="abc"))
    assert body["safety_identifier"] == "abc"
    assert Job.objects.get().owner == alice


def test_an_address_shows_the_picture_for_ten_minutes(
    alices_api: APIClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = body_of(ask(alices_api, model="dall-e-3", output_format="webp"))["data"]
    assert row["url"].startswith("http://testserver/v1/images/files/")
    shown = client.get(row["url"], headers={"Accept": "image/*", "Authorization": "Bearer tmp_of_somebody"})
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(shown.content)).size == (128, 128)
    assert "no-store" in shown["Cache-Control"]
    changed = client.get(row["url"][:-1] + ("a" if row["url"][-1] != "a" else "b"))
    assert (changed.status_code, changed.json()["error"]["code"]) == (403, "bad-link")
    assert client.post(row["url"]).status_code == 405
    assert SECONDS == 600
    with monkeypatch.context() as later:
        later.setattr("generation.api.openai.links.SECONDS", -1)
        late = client.get(row["url"])
    assert (late.status_code, late.json()["error"]["code"]) == (403, "link-expired")
    GeneratedImage.objects.update(deleted_at=timezone.now())
    assert client.get(row["url"]).status_code == 404


def not_waited(monkeypatch: pytest.MonkeyPatch, meanwhile: Any = None) -> None:
    monkeypatch.setattr("generation.api.openai.views.until_ended", lambda *args: meanwhile and meanwhile())


def test_what_takes_too_long_is_asked_for_again(alices_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    not_waited(monkeypatch)
    answer = ask(alices_api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "still-drawn")
    assert answer["x-should-retry"] == "true"


def test_what_a_rule_withholds_is_a_refusal(
    alices_api: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_waited(monkeypatch, lambda: fail_job(claimed(), WITHHELD, SENTENCE))
    answer = ask(alices_api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "moderation_blocked")
    assert answer["x-should-retry"] == "false" and credits_of(alice) == 1000


def test_our_faults_are_told_as_such(alices_api: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    not_waited(monkeypatch, lambda: fail_job(claimed(), "internal-error", "Something broke."))
    answer = ask(alices_api)
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "server_error")
    assert credits_of(alice) == 1000


def test_what_was_cancelled_meanwhile(alices_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    not_waited(monkeypatch, lambda: cancel_job(Job.objects.get()))
    answer = ask(alices_api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cancelled")


def claimed() -> Job:
    job = claim_next("test-worker")
    assert job is not None
    return job


def variation(client: APIClient, data: bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile("apple.png", data, "image/png")
    return client.post("/v1/images/variations", {"image": file, **fields}, format="multipart")


def test_a_variation_is_the_recipe_with_another_seed(
    alices_api: APIClient, alice: User, charlie: User, draw: Draw
) -> None:
    grant(charlie, 100, reference="gift")
    theirs = draw(charlie, "a green pear", steps=5, seed=3)
    answer = variation(alices_api, file_bytes(theirs, "png"), n="2", model="dall-e-2", response_format="b64_json")
    rows = body_of(answer)["data"]
    assert [row["revised_prompt"] for row in rows] == ["a green pear"] * 2
    recipe, of_theirs = Job.objects.of(alice).earliest("pk").recipe, theirs.recipe
    assert recipe.seed != of_theirs.seed == 3
    assert recipe.replace(seed=3) == of_theirs
    assert picture(rows[0]).size == (128, 128)


def without_picture(client: APIClient) -> Any:
    return client.post("/v1/images/variations", {"n": "1"}, format="multipart")


def test_variations_that_cannot_be(alices_api: APIClient, alice: User, draw: Draw) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (64, 64), "tomato").save(plain, "PNG")
    made = file_bytes(draw(alice), "png")
    cases = [
        (variation(alices_api, plain.getvalue()), "no-parameters", "image"),
        (variation(alices_api, b"no picture"), "unknown-format", "image"),
        (variation(alices_api, made, mask="x"), "unknown_parameter", "mask"),
        (variation(alices_api, made, n="11"), "invalid-value", "n"),
        (variation(alices_api, made, size="large"), "invalid-size", "size"),
        (without_picture(alices_api), "missing_required_parameter", "image"),
    ]
    for answer, code, param in cases:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (400, code, param)
