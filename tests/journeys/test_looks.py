"""A picture of the pages around making and training, light and dark, wide and narrow: they lie in `screenshots/`.

Those of the gallery and its people are in `test_looks_people`.
"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Page, expect

from accounts.models import User
from gallery.moderation import approve
from gallery.publishing import publish_image
from generation.catalog.loras.sharing import describe
from generation.catalog.loras.uploads import Upload, add_upload
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.filing import star_images
from generation.jobs.sharing import share, token_of
from generation.models import GeneratedImage, TrainingSearch
from generation.training.datasets.captioning import set_caption
from generation.training.datasets.lifecycle import create_dataset
from generation.training.datasets.uploads import add_uploads
from tests.generation.web.studio.studio_things import learned, run_of
from tests.journeys.conftest import DRAWING_PATIENCE_MS
from tests.journeys.looks import WINDOWS, NewContext, look_at_all, shoot, sign_in
from tests.journeys.test_changing import kept, make, stroke
from tests.journeys.test_making import DONE, press
from tests.journeys.test_training import NOTO
from tests.lora_files import lora_bytes

PUBLIC = {
    "home": "/",
    "loras": "/loras/",
    "lora": "/loras/fluent-3d/",
    "checkpoints": "/checkpoints/",
    "controlnets": "/controlnets/",
    "checkpoint": "/checkpoints/emoji-diffusion/",
    "status": "/status/",
    "help": "/help/",
    "help-found": "/help/?q=lora",
    "help-prompts": "/help/makers/prompts/",
    "help-quick-start": "/help/programs/quick-start/",
    "help-install": "/help/operators/install/",
    "help-settings": "/help/operators/settings/",
    "help-controls": "/help/controls/",
    "help-api": "/help/api/",
    "help-webuiapi": "/help/api/webuiapi/",
    "help-sillytavern": "/help/api/sillytavern/",
    "help-a1111": "/help/api/a1111/",
    "help-openai": "/help/api/openai/",
    "help-mcp": "/help/api/mcp/",
    "help-live": "/help/api/live/",
    "help-webhooks": "/help/api/webhooks/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "not-found": "/nothing-here/",
}
OWN = {
    "create": "/create/",
    "create-change": "/create/?change={original}",
    "sources": "/sources/",
    "styles": "/styles/",
    "images": "/images/",
    "images-album": "/images/?album={album}",
    "images-filtered": "/images/?q=star&lora=fluent-3d",
    "albums": "/albums/",
    "album": "/albums/{album}/",
    "album-share": "/albums/{album}/share/",
    "links": "/links/",
    "shared-album": "/shared/{shared}/",
    "shared-picture": "/shared/{shared}/{image}/",
    "image": "/images/{image}/",
    "image-changed": "/images/{changed}/",
    "image-larger": "/images/{image}/upscale/",
    "image-words": "/images/{image}/words/",
    "image-published": "/images/{published}/",
    "publish": "/images/{image}/publish/",
    "studio": "/studio/",
    "dataset-new": "/studio/datasets/new/",
    "dataset": "/studio/datasets/{dataset}/",
    "training-new": "/studio/runs/new/?dataset={dataset}",
    "training": "/studio/runs/{run}/",
    "search": "/studio/searches/{search}/",
    "lab": "/studio/lab/",
    "lab-compare": "/studio/lab/?mode=axes",
    "lab-between": "/studio/lab/?mode=between",
    "grid": "/studio/lab/grids/{grid}/",
    "merge": "/studio/lab/merge/",
    "loras-mine": "/loras/?mine=1",
    "lora-mine": "/loras/{lora}/",
    "lora-edit": "/loras/{lora}/edit/",
    "lora-publish": "/loras/{lora}/publish/",
    "lora-upload": "/loras/upload/",
    "account": "/account/",
    "account-credits": "/account/credits/",
    "account-tokens": "/account/tokens/",
    "account-webhooks": "/account/webhooks/",
    "two-factors": "/accounts/2fa/",
    "sessions": "/accounts/sessions/",
    "addresses": "/accounts/email/",
}
MODERATORS = {
    "admin": "/admin/",
    "moderation": "/admin/gallery/post/",
    "moderation-public": "/admin/gallery/post/?state=approved",
    "decisions": "/admin/gallery/decision/",
}


@pytest.mark.slow
def test_every_page_has_its_picture(site: object, alice: User, bob: User, new_context: NewContext) -> None:
    desk = new_context(viewport=WINDOWS["1280"])
    page = desk.new_page()
    sign_in(page, "alice")
    assert shoot(page, "studio-empty-light-1280", "/studio/") == []
    assert shoot(page, "create-empty-light-1280", "/create/") == []
    make_something(page)
    named = publish_something(alice, bob) | teach_something(alice) | mix_something(page, alice) | change_something(page)
    moderators = new_context()
    sign_in(moderators.new_page(), "bob")
    seats = ((PUBLIC, None), (OWN, desk.storage_state()), (MODERATORS, moderators.storage_state()))
    look_at_all(new_context, seats, named)


def publish_something(alice: User, bob: User) -> dict[str, str]:
    """Four public posts, one that waits, an album that is shared, and codes for the addresses."""
    newest, waiting, *public = GeneratedImage.objects.newest()[:6]
    posts = [publish_image(alice, image, f"Face {number}", ["faces", "yellow"]) for number, image in enumerate(public)]
    for post in posts:
        approve(bob, post)
    publish_image(alice, waiting, "A star that waits", ["stars"])
    album = create_album(alice, "Faces by the window")
    add_to_album(album, [newest.code, waiting.code, *(image.code for image in public)])
    star_images(alice, [newest.code], starred=True)
    create_album(alice, "Empty")
    shared = {"album": album.code, "shared": token_of(share(alice, album, 7, with_recipe=True))}
    return shared | {"image": newest.code, "published": public[0].code, "post": posts[0].code}


def teach_something(alice: User) -> dict[str, str]:
    """A data set of emoji, a training on it that has come three fifths of its way, and a search that has ended."""
    dataset = create_dataset(alice, "Noto emoji", "noto style", consent=True)
    add_uploads(dataset, [SimpleUploadedFile(file.name, file.read_bytes()) for file in NOTO])
    for picture, file in zip(dataset.pictures.order_by("pk"), NOTO, strict=True):
        set_caption(picture, f"a {file.stem}, noto style")
    run = learned(run_of(alice, dataset, state="paused"))
    search = TrainingSearch.objects.create(
        owner=alice, dataset=dataset, name="which-rank", axes={"rank": [4, 8]}, recipe_json=run.recipe_json, budget=80,
        credits=80, rungs=[1500, 2500], state="done",
    )  # fmt: skip
    for upto in (1500, 2500):
        learned(run_of(alice, dataset, state="done", search=search), upto)
    return {"dataset": dataset.code, "run": run.code, "search": search.code}


def make_something(page: Page) -> None:
    """Two submissions, one with a LoRA."""
    press(page, "a smiling face with sunglasses", count=4)
    press(page, "a yellow star <lora:fluent-3d:0.8>", count=3)
    expect(page.locator(DONE)).to_have_count(7, timeout=DRAWING_PATIENCE_MS)


def change_something(page: Page) -> dict[str, str]:
    """A star of which a part was painted over; its picture stays what the Create page starts from."""
    star = GeneratedImage.objects.filter(prompt__startswith="a yellow star").newest().last()
    assert star is not None
    page.goto(f"/create/?change={star.code}")
    stroke(page, (-0.1, 0.0), (0.1, 0.05))
    kept(page, "mask")
    changed = make(page, 1 + page.locator(DONE).count())
    return {"changed": changed.code, "original": star.code}


def mix_something(page: Page, alice: User) -> dict[str, str]:
    """A mixture of two LoRAs as a grid, and a LoRA of alice's own with two versions."""
    page.goto("/studio/lab/?mix=fluent-3d&mix=line-art")
    page.click("#lab details:has([name=steps]) > summary")
    page.fill("[name=steps]", "8")
    page.click("#lab button[type=submit]")
    expect(page.locator("#grid-head")).to_contain_text("As one picture", timeout=DRAWING_PATIENCE_MS)
    data = lora_bytes(1), lora_bytes(2)
    first = add_upload(alice, Upload("Soft clay.safetensors", len(data[0]), [data[0]]))
    describe(first, licence="cc-by", trigger_words=["soft clay", "matte"], description="Rounded, matte things.")
    second = add_upload(alice, Upload("Soft clay.safetensors", len(data[1]), [data[1]], first))
    return {"grid": page.url.rstrip("/").rpartition("/")[2], "lora": second.name}
