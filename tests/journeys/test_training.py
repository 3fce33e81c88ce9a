"""A person teaches a LoRA: pictures, captions, a curve that moves, stop and keep; then it goes public and is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, FloatRect, Page, expect

from accounts.models import User
from generation.models import DataSet, GeneratedImage, Lora, TrainingRun
from tests.conftest import credits_of
from tests.journeys.test_making import DONE, press
from tests.journeys.test_publishing_loras import approve, describe, pick_on_create, send_in

SignIn = Callable[..., Page]
NOTO = sorted((Path(__file__).parents[1] / "generation" / "engine" / "training" / "noto").glob("*.png"))
LEARNING_MS = 300_000
"""Some hundred steps on a busy machine."""


def lay_out(page: Page, files: list[Path]) -> DataSet:
    """Begin a data set from the empty studio and bring the files."""
    page.goto("/studio/")
    page.click("text=Start a data set")
    page.fill("[name=title]", "Noto emoji")
    page.fill("[name=trigger]", "noto style")
    page.check("[name=consent]")
    page.click("main form.card button[type=submit]")
    page.wait_for_url("**/studio/datasets/*/")
    page.set_input_files("#files", files)
    expect(page.locator(".dataset-picture")).to_have_count(len([file for file in files if file.suffix == ".png"]))
    expect(page.locator("[data-progress]")).to_be_hidden()
    return DataSet.objects.get()


@pytest.mark.slow
def test_a_lora_is_taught_watched_stopped_published_and_used_by_a_stranger(
    site: object, alice: User, bob: User, charlie: User, sign_in: SignIn
) -> None:
    page = sign_in(alice)
    dataset = lay_out(page, [*NOTO, Path(__file__)])
    expect(page.locator("[data-refused] li")).to_have_text(
        [f"{Path(__file__).name} Only PNG, JPEG and WebP pictures are read here."]
    )
    expect(page.locator("[data-held]")).to_have_count(2)
    for place, file in enumerate(NOTO):
        field = page.locator("[data-caption] textarea").nth(place)
        field.fill(f"a {file.stem}, noto style")
        field.press("Enter")
    expect(page.locator("[data-tokens]").last).to_have_text("6 tokens")

    page.click("text=Train a LoRA")
    page.check("[value=quick]")
    expect(page.locator("#id_steps")).to_have_value("500")
    expect(page.locator("[data-price]")).to_have_text("6")
    page.fill("[name=name]", "noto")
    page.click("#quote .button--primary")
    page.wait_for_url("**/studio/runs/*/")

    expect(page.locator(".curve__validation[d^=M]").nth(1)).to_be_attached(timeout=LEARNING_MS)
    before = page.locator(".curve__training").last.get_attribute("d")
    expect(page.locator(".curve__training").last).not_to_have_attribute("d", before or "", timeout=LEARNING_MS)
    expect(page.locator(".sheet__step")).to_have_count(2, timeout=LEARNING_MS)
    page.click("[data-opens=stop-run]")
    page.click("#stop-run button[type=submit]")
    page.wait_for_selector("[data-use]", timeout=LEARNING_MS)
    run, lora = TrainingRun.objects.get(), Lora.objects.get(owner=alice)
    assert (run.state, run.lora, lora.is_public) == ("done", lora, False)
    assert run.dataset == dataset and 0 < run.step < 500
    assert credits_of(alice) >= 1000 - 6

    page.click("[data-use]")
    page.wait_for_url("**/create/?lora=noto*")
    expect(page.locator("[name=prompt]")).to_have_value("noto style <lora:noto:0.8>")
    press(page, "a house, noto style <lora:noto:0.8>", steps=8)
    page.wait_for_selector(DONE)
    assert [pick.sha256 for pick in GeneratedImage.objects.get().recipe.loras] == [lora.sha256]

    page.goto("/loras/noto/edit/")
    describe(page, "noto", "noto style")
    send_in(page, "noto", samples=1)
    approve(sign_in(bob), lora.title)
    stranger = sign_in(charlie)
    pick_on_create(stranger, "noto", "noto style <lora:noto:0.8>")
    press(stranger, "a rocket, noto style <lora:noto:0.8>", steps=4)
    stranger.wait_for_selector(DONE)
    assert [pick.sha256 for pick in GeneratedImage.objects.get(owner=charlie).recipe.loras] == [lora.sha256]


def test_a_picture_is_cropped_and_focused_by_keys_and_by_hand(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    dataset = lay_out(page, NOTO[:3])
    page.click(".dataset-picture__picture >> nth=0")
    frame = page.locator("[data-crop-frame]")
    expect(frame).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-crop-status]")).to_have_text("102 × 128 of 128 × 128 pixels")
    page.click("[data-crop-keep]")
    expect(page.locator(".dataset-picture__cropped")).to_have_count(1)
    assert dataset.pictures.order_by("pk")[0].crop == [0.01, 0, 0.81, 1]

    page.click(".dataset-picture__picture >> nth=2")
    box = settled_canvas(page)
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    page.locator("[data-focus-mark]").press("ArrowRight")
    page.click("[data-crop-keep]")
    expect(page.locator(".dataset-picture__focused")).to_have_count(1)
    third = dataset.pictures.order_by("pk")[2]
    assert third.crop is None and third.focus == pytest.approx([0.26, 0.75], abs=0.01)
    page.click(".dataset-picture__picture >> nth=2")
    page.click("[data-focus-automatic]")
    page.click("[data-crop-keep]")
    expect(page.locator(".dataset-picture__focused")).to_have_count(0)

    words: FilePayload = {"name": f"{NOTO[0].stem}.txt", "mimeType": "text/plain", "buffer": b"a later caption"}
    page.set_input_files("#files", words)
    expect(page.locator("[data-caption] textarea").first).to_have_value("a later caption")

    page.click(".dataset-picture__picture >> nth=1")
    box = settled_canvas(page)
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] - 1)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"], steps=4)
    page.mouse.up()
    page.click("[data-crop-keep]")
    expect(page.locator(".dataset-picture__cropped")).to_have_count(2)
    crop = dataset.pictures.order_by("pk")[1].crop
    assert crop is not None
    left, top, right, bottom = crop
    assert (left, top) == (0, 0) and abs(right - 0.75) < 0.02 and abs(bottom - 0.75) < 0.02

    page.click(".dataset-picture__picture >> nth=0")
    page.click("[data-crop-automatic]")
    expect(page.locator(".dataset-picture__cropped")).to_have_count(1)


def settled_canvas(page: Page) -> FloatRect:
    """Where the picture of the crop dialog stands once the dialog has risen."""
    page.locator("#crop").evaluate("(dialog) => Promise.all(dialog.getAnimations().map((one) => one.finished))")
    box = page.locator("[data-crop-canvas]").bounding_box()
    assert box is not None
    return box


def test_without_scripts_everything_can_still_be_done(
    site: object, alice: User, sign_in: SignIn, new_context: Callable[..., object]
) -> None:
    state = sign_in(alice).context.storage_state()
    page: Page = new_context(java_script_enabled=False, storage_state=state).new_page()  # type: ignore[attr-defined]
    dataset = lay_out_plainly(page)
    page.locator("[data-caption] textarea").first.fill("an apple")
    page.locator("[data-caption] button").first.click()
    assert dataset.pictures.order_by("pk")[0].caption == "an apple"
    page.fill("#id_find", "apple")
    page.fill("#id_put", "pear")
    page.click("text=Replace in all")
    expect(page.locator(".notice--success")).to_contain_text("1 caption changed.")
    page.locator("[data-remove] button").first.click(force=True)
    expect(page.locator(".dataset-picture")).to_have_count(2)


def lay_out_plainly(page: Page) -> DataSet:
    page.goto("/studio/datasets/new/")
    page.fill("[name=title]", "Three")
    page.check("[name=consent]")
    page.click("main form.card button[type=submit]")
    page.set_input_files("#files", NOTO[:3])
    page.click("text=Add them")
    expect(page.locator(".dataset-picture")).to_have_count(3)
    return DataSet.objects.get()
