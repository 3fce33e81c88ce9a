"""Edit by words: which recipe draws the picture anew, and who may ask for it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Refusal
from generation.jobs.editing import edit_by_words
from generation.models import Checkpoint, GeneratedImage, Job
from generation.recipes.inversion import Inverted
from generation.recipes.starting import PictureRef
from tests.architecture.access_things import finished_image
from tests.conftest import credits_of

pytestmark = pytest.mark.usefixtures("catalog")


def test_the_picture_is_drawn_from_the_noise_behind_it(alice: User, catalog: Checkpoint) -> None:
    image = finished_image(alice)
    before = credits_of(alice)
    (job,) = edit_by_words(alice, image, "a green apple", "a red apple", steps=20, cfg_scale=1.5)
    recipe = job.recipe
    assert recipe.inversion is not None
    assert recipe.inversion.source == Inverted(PictureRef(image.sha256, 64, 64, image.code), "a red apple")
    assert (recipe.prompt, recipe.sampler, recipe.steps, recipe.cfg_scale) == ("a green apple", "DDIM", 20, 1.5)
    assert (recipe.width, recipe.height, before - credits_of(alice)) == (64, 64, job.credits)


def test_a_picture_larger_than_is_drawn_is_drawn_smaller(alice: User) -> None:
    image = finished_image(alice)
    image.width, image.height = 4096, 2048
    GeneratedImage.objects.filter(pk=image.pk).update(width=4096, height=2048)
    (job,) = edit_by_words(alice, image, "a green apple", "")
    assert (job.recipe.width, job.recipe.height) == (image.recipe.width, image.recipe.height)


def test_others_may_not(alice: User, charlie: User) -> None:
    with pytest.raises(Refusal) as refused:
        edit_by_words(charlie, finished_image(alice), "a green apple", "")
    assert (refused.value.code, refused.value.status) == ("unknown-picture", 404) and Job.objects.count() == 1


def test_the_page(alices: Client, charlies: Client, alice: User) -> None:
    image = finished_image(alice)
    address = f"/images/{image.code}/words/"
    assert address in alices.get(f"/images/{image.code}/").text
    page = alices.get(address).text
    assert page.count("a red apple</textarea>") == 2 and "credit" in page
    wrong = alices.post(address, {"shows": "", "prompt": "a pear", "cfg_scale": 99, "steps": 4})
    assert wrong.status_code == 422 and "CFG scale must lie" in wrong.text
    sent = alices.post(address, {"shows": "a red apple", "prompt": "a pear", "cfg_scale": 1, "steps": 4})
    assert sent["Location"] == "/create/" and Job.objects.latest("pk").recipe.prompt == "a pear"
    assert charlies.get(address).status_code == charlies.post(address).status_code == 404
